"""Draws an environment's boards: the JSON that Grafana gets, its queries asked of real engines.

Prometheus runs on the loopback interface over invented measurements, ClickHouse in this process over
invented results, both only while the pages are written.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.error import URLError

from plotly.offline import get_plotlyjs

from dashboards.boards import boards
from dashboards.grafana.dashboard import ENVIRONMENT, MODEL, dashboard_json
from environments.spec import Environment
from evalctl.board_pages import answers, charts, page, prometheus
from evalctl.board_pages.answers import Line, Sources, Table
from evalctl.board_pages.clickhouse import LocalClickhouse
from evalctl.board_pages.dashboard_file import Dashboard, Panel, read
from evalctl.board_pages.page import Drawn
from evalctl.board_pages.synthetic import MONTH
from evalctl.board_pages.variables import Span
from evalctl.processes import CommandFailedError
from evalctl.servers import NotStartedError

# Grafana asks for about as many points as a panel has pixels.
_POINTS = 720
_SCRAPE_INTERVAL = 30
_DAY = 86_400
_NO_DATA = "no data"

# The expected failures of a drawing; the command prints their message without a traceback.
FAILURES = (CommandFailedError, NotStartedError, URLError, RuntimeError)

Progress = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Pages:
    """What was written, and which panels show nothing, each with the reason."""

    pages: tuple[Path, ...]
    problems: tuple[str, ...]


def draw(env: Environment, *, out: Path, progress: Progress) -> Pages:
    """Write a page for each board, once all of them are drawn.

    Raises:
        One of FAILURES.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        progress("filling Prometheus with invented measurements")
        measured = stack.enter_context(prometheus.filled(env, MONTH, folder))
        progress("filling ClickHouse with invented results")
        recorded = LocalClickhouse()
        recorded.fill(env.name, end=MONTH.end)
        sources = Sources(
            prometheus=measured,
            clickhouse=recorded,
            values={ENVIRONMENT: (env.name,), MODEL: _models(measured)},
        )
        pages: dict[str, str] = {}
        problems: list[str] = []
        for board in boards(env):
            progress(f"drawing {board.title}")
            dashboard = read(dashboard_json(board, env=env))
            drawn = _drawn(dashboard, sources=sources, span=_span(board.days_shown))
            pages[f"{board.uid}.html"] = page.page(
                dashboard, drawn, environment=env.name, span=_span_text(board.days_shown)
            )
            problems += [
                f"{board.title}, {one.panel['title']}: {one.problem}"
                for one in drawn
                if one.problem
            ]
    out.mkdir(parents=True, exist_ok=True)
    for name, text in {page.SCRIPT: get_plotlyjs(), **pages}.items():
        (out / name).write_text(text, encoding="utf-8")
    return Pages(pages=tuple(out / name for name in pages), problems=tuple(problems))


def _models(measured: prometheus.Prometheus) -> tuple[str, ...]:
    """What *All* of the variable stands for."""
    label = "gen_ai_request_model"
    found = measured.query(f"count by ({label}) (gen_ai_client_token_usage_count)", at=MONTH.end)
    return tuple(sorted(answer.labels[label] for answer in found))


def _span(days: int) -> Span:
    return Span(
        start=MONTH.end - days * _DAY,
        end=MONTH.end,
        step=days * _DAY // _POINTS,
        scrape_interval=_SCRAPE_INTERVAL,
    )


def _span_text(days: int) -> str:
    return "last 24 hours" if days == 1 else f"last {days} days"


def _drawn(dashboard: Dashboard, *, sources: Sources, span: Span) -> list[Drawn]:
    return [_panel(panel, sources=sources, span=span) for panel in dashboard["panels"]]


def _panel(panel: Panel, *, sources: Sources, span: Span) -> Drawn:
    if panel["type"] == "row":
        return Drawn(panel=panel, body="")
    if panel.get("interval") == "1d":
        span = replace(span, step=_DAY)
    try:
        if panel["type"] in ("barchart", "table"):
            table = answers.table(panel, sources=sources, span=span)
            body = _of_table(panel, table) if table.rows else None
        else:
            lines = answers.lines(panel, sources=sources, span=span)
            body = _of_lines(panel, lines, span=span) if lines else None
    except (RuntimeError, ValueError) as error:  # as the two engines refuse a query
        return Drawn(panel=panel, body=page.nothing(str(error)), problem=str(error))
    if body is None:
        return Drawn(panel=panel, body=page.nothing(_NO_DATA), problem=_NO_DATA)
    return Drawn(panel=panel, body=body)


def _of_table(panel: Panel, table: Table) -> str:
    if panel["type"] == "barchart":
        return page.chart(panel, charts.bar_chart(panel, table))
    return page.table(panel, table)


def _of_lines(panel: Panel, lines: Sequence[Line], *, span: Span) -> str:
    if panel["type"] == "stat":
        return page.numbers(panel, lines)
    return page.chart(panel, charts.time_series(panel, lines, span=span))
