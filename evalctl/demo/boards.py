"""Draws the three boards from the demo's servers, without the panels whose metrics have no source here."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.error import HTTPError

from dashboards.boards import boards
from dashboards.boards.recording_rules import recording_rules
from dashboards.grafana.dashboard import ENVIRONMENT, MODEL, dashboard_json
from environments.spec import Environment
from evalctl.board_pages import drawing
from evalctl.board_pages.dashboard_file import Dashboard, GridPos, Panel, read
from evalctl.board_pages.drawing import Drawn
from evalctl.board_pages.page import Facts
from evalctl.board_pages.prometheus import Prometheus
from evalctl.board_pages.query_results import Column, Sources, Table
from evalctl.board_pages.variables import Span
from evalctl.demo.monitoring import EMITTERS, SCRAPE_SECONDS
from evalctl.local_servers.clickhouse import Clickhouse
from telemetry.contract import METRICS, Emitter

NOTHING = "Nothing of this kind happened."
_COLUMNS = 24  # of Grafana's grid
_WEEK = 7 * 86_400  # the builds of the sample lie within it
_POINTS = 720
_WORD = re.compile(r"[\w:]+")


@dataclass(frozen=True)
class Rows:
    """The demo's ClickHouse, as board pages read it."""

    server: Clickhouse

    def query(self, sql: str) -> Table:
        """Raises ValueError if the server refuses the query."""
        try:
            lines = self.server.lines(sql, format_="JSONCompactEachRowWithNamesAndTypes")
        except HTTPError as error:
            raise ValueError(f"{sql}: {error.read().decode()}") from error
        names, types, *rows = map(json.loads, lines)
        return Table(
            columns=tuple(
                Column(name=name, type=type_) for name, type_ in zip(names, types, strict=True)
            ),
            rows=tuple(map(tuple, rows)),
        )


def draw(
    env: Environment,
    *,
    prometheus: Prometheus,
    clickhouse: Clickhouse,
    start: int,
    end: int,
) -> dict[str, Drawn]:
    """Each board by its id; the metrics' panels show the run, and those of results a week."""
    sources = Sources(
        prometheus=prometheus,
        clickhouse=Rows(clickhouse),
        values={ENVIRONMENT: (env.name,), MODEL: drawing.models(prometheus, at=end)},
    )

    def span(panel: Panel) -> Span:
        first = end - _WEEK if _has_sql(panel) else start
        return Span(
            start=first,
            end=end,
            step=max(SCRAPE_SECONDS, (end - first) // _POINTS),
            scrape_interval=SCRAPE_SECONDS,
        )

    return {
        board.uid: drawing.draw_board(
            drawable(read(dashboard_json(board, env=env))),
            sources=sources,
            span=span,
            facts=Facts(
                environment=env.name,
                span=f"metrics: the {end - start} seconds of the run; results: the last 7 days",
                data="on what the demo did",
            ),
            why_empty=lambda _: NOTHING,
        )
        for board in boards(env)
    }


def drawable(dashboard: Dashboard) -> Dashboard:
    """The board with the panels that have a source here, closed up, and without empty rows."""
    panels: list[Panel] = []
    y = 0
    for row, *others in _rows(dashboard):
        lines = _lines([panel for panel in others if has_source(panel)])
        for line in [[row], *lines] if lines else []:
            x = 0
            for panel in line:
                # The last one fills the line.
                width = _COLUMNS - x if panel is line[-1] else panel["gridPos"]["w"]
                place = GridPos(x=x, y=y, w=width, h=panel["gridPos"]["h"])
                panels.append({**panel, "gridPos": place})
                x += width
            y += line[-1]["gridPos"]["h"]
    return {**dashboard, "panels": panels}


def _lines(panels: Sequence[Panel]) -> list[list[Panel]]:
    """As many panels in each line as have space in it."""
    lines: list[list[Panel]] = []
    for panel in panels:
        taken = sum(other["gridPos"]["w"] for other in lines[-1]) if lines else _COLUMNS
        if taken + panel["gridPos"]["w"] > _COLUMNS:
            lines.append([])
        lines[-1].append(panel)
    return lines


def not_drawn(env: Environment) -> tuple[str, ...]:
    """The titles of the panels without a source here."""
    return tuple(
        panel["title"]
        for board in boards(env)
        for panel in read(dashboard_json(board, env=env))["panels"]
        if panel["type"] != "row" and not has_source(panel)
    )


def has_source(panel: Panel) -> bool:
    """Whether the demo runs what emits the panel's rows, or all metrics of one of its queries."""
    return _has_sql(panel) or any(
        _needed(target.get("expr", "")) <= _PRESENT for target in panel["targets"]
    )


# The stand-in of kube-state-metrics has this metric only.
_KUBE_STATE = "kube_deployment_status_replicas_available"
_EMITTED = {series for metric in METRICS for series in metric.series}
_PRESENT = {
    series
    for metric in METRICS
    if metric.emitter in EMITTERS
    and (metric.emitter is not Emitter.KUBE_STATE_METRICS or metric.name == _KUBE_STATE)
    for series in metric.series
}


def _needed(expr: str) -> set[str]:
    """The metrics in a query, and in the recording rules that it uses."""
    words = set(_WORD.findall(expr))
    rules = [rule.expr for rule in recording_rules() if rule.name in words]
    return (words & _EMITTED).union(*map(_needed, rules))


def _has_sql(panel: Panel) -> bool:
    return any("rawSql" in target for target in panel.get("targets", []))


def _rows(dashboard: Dashboard) -> list[list[Panel]]:
    """Each row's heading with its panels."""
    rows: list[list[Panel]] = []
    for panel in dashboard["panels"]:
        if panel["type"] == "row":
            rows.append([])
        rows[-1].append(panel)
    return rows
