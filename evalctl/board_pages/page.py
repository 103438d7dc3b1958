"""Writes a board as an HTML page without a server: a grid of panels with charts, numbers and tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from evalctl.board_pages import theme, units
from evalctl.board_pages.dashboard_file import Dashboard, GridPos, Panel
from evalctl.board_pages.query_results import Cell, Line, Table

SCRIPT = "plotly.min.js"  # in the folder of the pages, which share it

_ROW_HEIGHT = 38  # pixels of one row of the grid, with the gap
_GAP = 8
_HEAD = 130  # pixels


@dataclass(frozen=True, kw_only=True)
class DrawnPanel:
    """A panel and its HTML."""

    panel: Panel
    body: str
    problem: str | None = None  # the reason for an empty panel


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the page's head states: the environment, the time shown, and where the data come from."""

    environment: str
    span: str
    data: str  # as in "on synthetic data"


def page(dashboard: Dashboard, drawn: Sequence[DrawnPanel], facts: Facts) -> str:
    """The whole page."""
    title = escape(dashboard["title"])
    panels = "\n".join(_row(d.panel) if d.panel["type"] == "row" else _panel(d) for d in drawn)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title} ({escape(facts.environment)})</title>
<script src="{SCRIPT}"></script>
<style>{_STYLE}</style>
</head>
<body>
<header>
<h1>{title}</h1>
<p>{escape(dashboard["description"])}</p>
<p class="facts">Environment <b>{escape(facts.environment)}</b> <b>{escape(facts.span)}</b>
Drawn from the board's own queries, {escape(facts.data)}</p>
</header>
<main>
{panels}
</main>
</body>
</html>
"""


def height(dashboard: Dashboard) -> int:
    """The page's height in pixels, in a window that is wide enough for its head."""
    rows = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in dashboard["panels"])
    return _HEAD + rows * _ROW_HEIGHT


def chart(panel: Panel, figure: str) -> str:
    """A Plotly figure, which the browser draws."""
    # `</` ends a script element.
    escaped = figure.replace("</", "<\\/")
    return (
        f'<div class="chart" id="chart-{panel["id"]}"></div>'
        f'<script>{{const f = {escaped}; Plotly.newPlot("chart-{panel["id"]}", f.data, f.layout, '
        "{displayModeBar: false, responsive: true});}</script>"
    )


def numbers(panel: Panel, lines: Sequence[Line]) -> str:
    """The last value of each line, in the colour of the threshold that it reached."""
    defaults = panel["fieldConfig"]["defaults"]
    steps = defaults["thresholds"]["steps"]
    boxes: list[str] = []
    for line in lines:
        value = line.values[-1]
        if value is None:
            continue
        color = theme.color_at(value, steps)
        name = f"<small>{escape(line.name)}</small>" if len(lines) > 1 else ""
        shown = units.text(value, defaults["unit"], defaults.get("decimals"))
        boxes.append(f'<div style="color:{theme.hex_color(color)}">{name}{escape(shown)}</div>')
    return f'<div class="numbers">{"".join(boxes)}</div>'


def table(panel: Panel, result: Table) -> str:
    """The rows of the table, with the panel's unit for numbers."""
    unit = panel["fieldConfig"]["defaults"]["unit"]
    head = "".join(f"<th>{escape(column.name)}</th>" for column in result.columns)
    rows = "".join(f"<tr>{''.join(_cell(cell, unit) for cell in row)}</tr>" for row in result.rows)
    return f'<div class="table"><table><tr>{head}</tr>{rows}</table></div>'


def empty(reason: str) -> str:
    """The reason for an empty panel, in the place of its chart."""
    return f'<div class="empty">{escape(reason)}</div>'


def _cell(cell: Cell, unit: str) -> str:
    if isinstance(cell, int | float):
        return f'<td class="number">{escape(units.text(cell, unit))}</td>'
    return f"<td>{escape(cell or '')}</td>"


def _row(panel: Panel) -> str:
    return f'<h2 style="{_grid_area(panel["gridPos"])}">{escape(panel["title"])}</h2>'


def _panel(drawn: DrawnPanel) -> str:
    panel = drawn.panel
    (runbook,) = panel["links"]
    return (
        f'<section style="{_grid_area(panel["gridPos"])}">'
        f"<h3><b>{escape(panel['title'])}</b>"
        f'<span title="{escape(panel["description"])}">i</span>'
        f'<a href="{escape(runbook["url"])}">runbook</a></h3>'
        f"{drawn.body}</section>"
    )


def _grid_area(position: GridPos) -> str:
    return f"grid-column:{position['x'] + 1}/span {position['w']};grid-row:{position['y'] + 1}/span {position['h']}"


_STYLE = f"""
body {{ margin: 0; padding: 16px 20px; background: {theme.BACKGROUND}; color: {theme.TEXT};
  font: 13px/1.4 {theme.FONT}; }}
header {{ margin-bottom: 8px; }}
h1 {{ font-size: 22px; font-weight: 500; margin: 0; }}
header p {{ margin: 2px 0; color: {theme.MUTED}; }}
.facts b {{ color: {theme.TEXT}; font-weight: 500; background: {theme.PANEL}; margin-right: 10px;
  border: 1px solid {theme.BORDER}; border-radius: 2px; padding: 1px 8px; }}
main {{ display: grid; grid-template-columns: repeat(24, 1fr); gap: {_GAP}px;
  grid-auto-rows: {_ROW_HEIGHT - _GAP}px; }}
h2 {{ font-size: 16px; font-weight: 500; margin: 0; align-self: end; }}
section {{ background: {theme.PANEL}; border: 1px solid {theme.BORDER}; border-radius: 2px;
  display: flex; flex-direction: column; min-width: 0; min-height: 0; overflow: hidden; }}
h3 {{ font-size: 13.5px; font-weight: 500; margin: 0; padding: 7px 10px 3px; display: flex;
  gap: 7px; align-items: center; }}
h3 b {{ font-weight: 500; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }}
h3 span {{ border: 1px solid {theme.MUTED}; border-radius: 50%; width: 13px; height: 13px;
  font-size: 10px; line-height: 13px; text-align: center; color: {theme.MUTED}; cursor: help;
  flex: none; }}
h3 a {{ margin-left: auto; color: {theme.MUTED}; font-size: 11px; font-weight: 400; }}
.chart {{ flex: 1; min-height: 0; }}
.numbers {{ flex: 1; display: flex; gap: 6px; padding: 4px 8px 8px; min-height: 0; }}
.numbers > div {{ flex: 1; display: flex; flex-direction: column; align-items: center;
  justify-content: center; font-size: 34px; white-space: nowrap; font-weight: 500; border-radius: 3px; }}
.numbers small {{ font-size: 12px; }}
.table {{ overflow: auto; flex: 1; padding: 0 8px 8px; }}
table {{ border-collapse: collapse; width: 100%; font-size: 12px; }}
th {{ text-align: left; color: {theme.MUTED}; font-weight: 500; position: sticky; top: 0;
  background: {theme.PANEL}; }}
th, td {{ padding: 4px 8px; border-bottom: 1px solid {theme.BORDER}; white-space: nowrap; }}
td.number {{ font-variant-numeric: tabular-nums; }}
.empty {{ padding: 12px; color: #f2495c; overflow: auto; }}
"""
