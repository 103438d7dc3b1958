"""One board as a page that needs no server: a grid of panels, each with its chart, number or table."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from evalctl.board_pages import look, units
from evalctl.board_pages.answers import Cell, Line, Table
from evalctl.board_pages.dashboard_file import Dashboard, GridPos, Panel

SCRIPT = "plotly.min.js"  # beside the pages, once for all of them

_ROW_HEIGHT = 38  # pixels of one row of the grid, with the gap
_GAP = 8


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A panel and what stands in it."""

    panel: Panel
    body: str
    problem: str | None = None  # why there is nothing to see


def page(dashboard: Dashboard, drawn: Sequence[Drawn], *, environment: str, span: str) -> str:
    """The whole page."""
    title = escape(dashboard["title"])
    panels = "\n".join(_row(d.panel) if d.panel["type"] == "row" else _panel(d) for d in drawn)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title} ({escape(environment)})</title>
<script src="{SCRIPT}"></script>
<style>{_STYLE}</style>
</head>
<body>
<header>
<h1>{title}</h1>
<p>{escape(dashboard["description"])}</p>
<p class="facts">Environment <b>{escape(environment)}</b> <b>{escape(span)}</b>
Preview: the board's own queries, on invented data</p>
</header>
<main>
{panels}
</main>
</body>
</html>
"""


def chart(panel: Panel, figure: str) -> str:
    """A figure of Plotly, drawn when the page is opened."""
    # `</` would end the script.
    safe = figure.replace("</", "<\\/")
    return (
        f'<div class="chart" id="chart-{panel["id"]}"></div>'
        f'<script>{{const f = {safe}; Plotly.newPlot("chart-{panel["id"]}", f.data, f.layout, '
        "{displayModeBar: false, responsive: true});}</script>"
    )


def numbers(panel: Panel, lines: Sequence[Line]) -> str:
    """The last value of each line, in the colour of the threshold it reached."""
    defaults = panel["fieldConfig"]["defaults"]
    steps = defaults["thresholds"]["steps"]
    boxes: list[str] = []
    for line in lines:
        value = line.values[-1]
        if value is None:
            continue
        color = look.color_at(value, steps)
        name = f"<small>{escape(line.name)}</small>" if len(lines) > 1 else ""
        shown = units.text(value, defaults["unit"], defaults.get("decimals"))
        boxes.append(f'<div style="color:{look.hex_of(color)}">{name}{escape(shown)}</div>')
    return f'<div class="numbers">{"".join(boxes)}</div>'


def table(panel: Panel, answer: Table) -> str:
    """The answer's lines, numbers with the panel's unit."""
    unit = panel["fieldConfig"]["defaults"]["unit"]
    head = "".join(f"<th>{escape(column.name)}</th>" for column in answer.columns)
    rows = "".join(f"<tr>{''.join(_cell(cell, unit) for cell in row)}</tr>" for row in answer.rows)
    return f'<div class="table"><table><tr>{head}</tr>{rows}</table></div>'


def nothing(why: str) -> str:
    """In the chart's place, why there is none."""
    return f'<div class="nothing">{escape(why)}</div>'


def _cell(cell: Cell, unit: str) -> str:
    if isinstance(cell, int | float):
        return f'<td class="number">{escape(units.text(cell, unit))}</td>'
    return f"<td>{escape(cell or '')}</td>"


def _row(panel: Panel) -> str:
    return f'<h2 style="{_place(panel["gridPos"])}">{escape(panel["title"])}</h2>'


def _panel(drawn: Drawn) -> str:
    panel = drawn.panel
    (runbook,) = panel["links"]
    return (
        f'<section style="{_place(panel["gridPos"])}">'
        f"<h3><b>{escape(panel['title'])}</b>"
        f'<span title="{escape(panel["description"])}">i</span>'
        f'<a href="{escape(runbook["url"])}">runbook</a></h3>'
        f"{drawn.body}</section>"
    )


def _place(place: GridPos) -> str:
    return f"grid-column:{place['x'] + 1}/span {place['w']};grid-row:{place['y'] + 1}/span {place['h']}"


_STYLE = f"""
body {{ margin: 0; padding: 16px 20px; background: {look.BACKGROUND}; color: {look.TEXT};
  font: 13px/1.4 {look.FONT}; }}
header {{ margin-bottom: 8px; }}
h1 {{ font-size: 22px; font-weight: 500; margin: 0; }}
header p {{ margin: 2px 0; color: {look.FAINT}; }}
.facts b {{ color: {look.TEXT}; font-weight: 500; background: {look.PANEL}; margin-right: 10px;
  border: 1px solid {look.BORDER}; border-radius: 2px; padding: 1px 8px; }}
main {{ display: grid; grid-template-columns: repeat(24, 1fr); gap: {_GAP}px;
  grid-auto-rows: {_ROW_HEIGHT - _GAP}px; }}
h2 {{ font-size: 16px; font-weight: 500; margin: 0; align-self: end; }}
section {{ background: {look.PANEL}; border: 1px solid {look.BORDER}; border-radius: 2px;
  display: flex; flex-direction: column; min-width: 0; min-height: 0; overflow: hidden; }}
h3 {{ font-size: 13.5px; font-weight: 500; margin: 0; padding: 7px 10px 3px; display: flex;
  gap: 7px; align-items: center; }}
h3 b {{ font-weight: 500; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }}
h3 span {{ border: 1px solid {look.FAINT}; border-radius: 50%; width: 13px; height: 13px;
  font-size: 10px; line-height: 13px; text-align: center; color: {look.FAINT}; cursor: help;
  flex: none; }}
h3 a {{ margin-left: auto; color: {look.FAINT}; font-size: 11px; font-weight: 400; }}
.chart {{ flex: 1; min-height: 0; }}
.numbers {{ flex: 1; display: flex; gap: 6px; padding: 4px 8px 8px; min-height: 0; }}
.numbers > div {{ flex: 1; display: flex; flex-direction: column; align-items: center;
  justify-content: center; font-size: 34px; white-space: nowrap; font-weight: 500; border-radius: 3px; }}
.numbers small {{ font-size: 12px; }}
.table {{ overflow: auto; flex: 1; padding: 0 8px 8px; }}
table {{ border-collapse: collapse; width: 100%; font-size: 12px; }}
th {{ text-align: left; color: {look.FAINT}; font-weight: 500; position: sticky; top: 0;
  background: {look.PANEL}; }}
th, td {{ padding: 4px 8px; border-bottom: 1px solid {look.BORDER}; white-space: nowrap; }}
td.number {{ font-variant-numeric: tabular-nums; }}
.nothing {{ padding: 12px; color: #f2495c; overflow: auto; }}
"""
