"""Draws an environment's boards from the JSON that Grafana gets, with queries to real engines.

While the pages are drawn, Prometheus runs on the loopback interface with synthetic series, and
ClickHouse's engine runs in this process with synthetic results.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.error import URLError

from plotly.offline import get_plotlyjs

from dashboards.boards import boards
from dashboards.grafana.dashboard import ENVIRONMENT, MODEL, dashboard_json
from environments.spec import Environment
from evalctl.board_pages import charts, page, prometheus, query_results
from evalctl.board_pages.clickhouse import LocalClickhouse
from evalctl.board_pages.dashboard_file import Dashboard, Panel, read
from evalctl.board_pages.page import DrawnPanel, Facts
from evalctl.board_pages.query_results import Line, Sources, Table
from evalctl.board_pages.synthetic import MONTH
from evalctl.board_pages.variables import Span
from evalctl.processes import CommandFailedError
from evalctl.servers import NotStartedError

# Grafana requests about as many points as a panel has pixels.
_POINTS = 720
_SCRAPE_INTERVAL = 30
_DAY = 86_400
_NO_DATA = "no data"

# The expected failures; the command prints their messages without a traceback.
FAILURES = (CommandFailedError, NotStartedError, URLError, RuntimeError)

Progress = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A board's page, its height in pixels, and a line with the reason for each empty panel."""

    html: str
    height: int
    problems: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Pages:
    """The written pages, and a line with the reason for each empty panel."""

    pages: tuple[Path, ...]
    problems: tuple[str, ...]


def draw(env: Environment, *, out: Path, progress: Progress) -> Pages:
    """Write a page for each board, after all boards are drawn.

    Raises:
        One of FAILURES.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        progress("filling Prometheus with synthetic series")
        server = stack.enter_context(prometheus.filled(env, MONTH, folder))
        progress("filling ClickHouse with synthetic results")
        clickhouse = LocalClickhouse()
        clickhouse.fill(env.name, end=MONTH.end)
        sources = Sources(
            prometheus=server,
            clickhouse=clickhouse,
            values={ENVIRONMENT: (env.name,), MODEL: models(server, at=MONTH.end)},
        )
        drawn = {}
        for board in boards(env):
            progress(f"drawing {board.title}")
            drawn[board.uid] = draw_board(
                read(dashboard_json(board, env=env)),
                sources=sources,
                span=partial(_span, board.days_shown),
                facts=Facts(
                    environment=env.name,
                    span=_span_text(board.days_shown),
                    data="on synthetic data",
                ),
            )
    return write(out, drawn)


def draw_board(
    dashboard: Dashboard,
    *,
    sources: Sources,
    span: Callable[[Panel], Span],
    facts: Facts,
    why_empty: Callable[[Panel], str] = lambda _: _NO_DATA,
) -> Drawn:
    """A board with what its sources have now, each panel with its own time."""
    panels = [
        _draw_panel(panel, sources=sources, span=span(panel), why_empty=why_empty)
        for panel in dashboard["panels"]
    ]
    return Drawn(
        html=page.page(dashboard, panels, facts),
        height=page.height(dashboard),
        problems=tuple(
            f"{dashboard['title']}, {each.panel['title']}: {each.problem}"
            for each in panels
            if each.problem
        ),
    )


def write(out: Path, drawn: Mapping[str, Drawn]) -> Pages:
    """Write each board's page under its name, with the script that all need."""
    out.mkdir(parents=True, exist_ok=True)
    (out / page.SCRIPT).write_text(get_plotlyjs(), encoding="utf-8")
    files = {out / f"{name}.html": each for name, each in drawn.items()}
    for file, each in files.items():
        file.write_text(each.html, encoding="utf-8")
    return Pages(
        pages=tuple(files),
        problems=tuple(problem for each in drawn.values() for problem in each.problems),
    )


def models(server: prometheus.Prometheus, *, at: float) -> tuple[str, ...]:
    """The values of the variable's option *All*."""
    label = "gen_ai_request_model"
    result = server.query(f"count by ({label}) (gen_ai_client_token_usage_count)", at=at)
    return tuple(sorted(series.labels[label] for series in result))


def _span(days: int, panel: Panel) -> Span:
    return Span(
        start=MONTH.end - days * _DAY,
        end=MONTH.end,
        step=_DAY if panel.get("interval") == "1d" else days * _DAY // _POINTS,
        scrape_interval=_SCRAPE_INTERVAL,
    )


def _span_text(days: int) -> str:
    return "last 24 hours" if days == 1 else f"last {days} days"


def _draw_panel(
    panel: Panel, *, sources: Sources, span: Span, why_empty: Callable[[Panel], str]
) -> DrawnPanel:
    if panel["type"] == "row":
        return DrawnPanel(panel=panel, body="")
    try:
        if panel["type"] in ("barchart", "table"):
            table = query_results.table(panel, sources=sources, span=span)
            body = _table_html(panel, table) if table.rows else None
        else:
            lines = query_results.lines(panel, sources=sources, span=span)
            body = _lines_html(panel, lines, span=span) if lines else None
    except (RuntimeError, ValueError) as error:  # the errors of the two engines for a query
        return DrawnPanel(panel=panel, body=page.empty(str(error)), problem=str(error))
    if body is None:
        reason = why_empty(panel)
        return DrawnPanel(panel=panel, body=page.empty(reason), problem=reason)
    return DrawnPanel(panel=panel, body=body)


def _table_html(panel: Panel, table: Table) -> str:
    if panel["type"] == "barchart":
        return page.chart(panel, charts.bar_chart(panel, table))
    return page.table(panel, table)


def _lines_html(panel: Panel, lines: Sequence[Line], *, span: Span) -> str:
    if panel["type"] == "stat":
        return page.numbers(panel, lines)
    return page.chart(panel, charts.time_series(panel, lines, span=span))
