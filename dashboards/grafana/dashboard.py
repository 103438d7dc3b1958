"""A board as a Grafana dashboard: the JSON that Grafana's sidecar loads."""

import json
from collections.abc import Iterator
from math import ceil

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard

from dashboards.grafana.panels import panel, stable_id
from dashboards.grafana.queries import PROMETHEUS
from dashboards.observable import Board, Chart, ClickhouseSql, Row
from dashboards.pages.runbook_address import runbook_page_url, runbook_url
from environments.names import PLATFORM
from environments.spec import Environment

SCHEMA_VERSION = 41  # of the dashboard format, as Grafana 11.6 writes it
MODEL = "model"
ENVIRONMENT = "environment"
_COLUMNS = 24  # of Grafana's grid


def dashboard_json(board: Board, *, env: Environment) -> str:
    """The board's JSON; the same board gives the same bytes."""
    return (
        json.dumps(
            _dashboard(board, env=env),
            cls=JSONEncoder,
            indent=2,
            sort_keys=True,
            ensure_ascii=False,
        )
        + "\n"
    )


def _dashboard(board: Board, *, env: Environment) -> dashboard.Dashboard:
    return dashboard.Dashboard(
        uid=board.uid,
        title=board.title,
        description=board.description,
        tags=[PLATFORM, str(board.owner)],
        schema_version=SCHEMA_VERSION,
        editable=False,  # a change is a merge
        graph_tooltip=dashboard.DashboardCursorSync.CROSSHAIR,
        timezone="browser",
        time=dashboard.DashboardDashboardTime(from_val=f"now-{board.days_shown}d", to="now"),
        refresh="1m" if board.days_shown == 1 else "",
        links=_links(board, env=env),
        templating=dashboard.DashboardDashboardTemplating(
            list_val=[_environment(env), _model(board)]
        ),
        panels=_panels(board, env=env),
    )


class _Built(Builder[dashboard.Panel]):
    """A finished panel as the builder that the SDK's layout expects."""

    def __init__(self, panel: dashboard.Panel) -> None:
        self._panel = panel

    def build(self) -> dashboard.Panel:
        return self._panel


def _panels(board: Board, *, env: Environment) -> list[dashboard.Panel | dashboard.RowPanel]:
    layout = builders.Dashboard(board.title)
    for row in board.rows:
        layout.with_row(
            builders.Row(row.title).id(stable_id(f"{board.uid}/{row.title}")).collapsed(False)
        )
        for observable, width in zip(row.observables, _widths(row), strict=True):
            url = runbook_url(env.repository, board.uid, observable.id)
            layout.with_panel(_Built(panel(observable, width=width, runbook_url=url)))
    return layout.build().panels or []


def _widths(row: Row) -> Iterator[int]:
    """As few lines as the panels need, about equally full: 3 + 3 + 2 + 2 rather than 3 + 3 + 3 + 1.

    Every line is filled to the last column, since only there the SDK begins a new one.
    """
    panels = len(row.observables)
    has_table = any(observable.chart is Chart.TABLE for observable in row.observables)
    for lines_left in range(ceil(panels / (2 if has_table else 3)), 0, -1):
        in_this_line = ceil(panels / lines_left)
        yield from [_COLUMNS // in_this_line] * in_this_line
        panels -= in_this_line


def _links(board: Board, *, env: Environment) -> list[dashboard.DashboardLink]:
    """The other boards, with the same models chosen, and this board's runbook."""
    return [
        dashboard.DashboardLink(
            title="Boards",
            type_val=dashboard.DashboardLinkType.DASHBOARDS,
            tags=[PLATFORM],
            as_dropdown=True,
            include_vars=True,
        ),
        dashboard.DashboardLink(
            title="Runbook",
            type_val=dashboard.DashboardLinkType.LINK,
            icon="doc",
            url=runbook_page_url(env.repository, board.uid),
            target_blank=True,
        ),
    ]


def _environment(env: Environment) -> dashboard.VariableModel:
    """One choice: a cluster's Grafana shows its own environment; ClickHouse's queries filter by it."""
    only = dashboard.VariableOption(selected=True, text=env.name, value=env.name)
    return dashboard.VariableModel(
        type_val=dashboard.VariableType.CUSTOM,
        name=ENVIRONMENT,
        label="Environment",
        query=env.name,
        current=only,
        options=[only],
    )


def _model(board: Board) -> dashboard.VariableModel:
    """The chosen LLMs; hidden where no query uses it, so that links between boards still pass it on."""
    every = dashboard.VariableOption(selected=True, text=["All"], value=["$__all"])
    return dashboard.VariableModel(
        type_val=dashboard.VariableType.QUERY,
        name=MODEL,
        label="Model",
        hide=(
            dashboard.VariableHide.DONT_HIDE
            if uses_model(board)
            else dashboard.VariableHide.HIDE_VARIABLE
        ),
        datasource=PROMETHEUS,
        query="label_values(gen_ai_client_token_usage_count, gen_ai_request_model)",
        refresh=dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED,
        sort=dashboard.VariableSort.ALPHABETICAL_ASC,
        multi=True,
        include_all=True,
        current=every,
    )


def uses_model(board: Board) -> bool:
    """Whether a query of the board depends on the chosen models."""
    texts = (
        query.sql if isinstance(query, ClickhouseSql) else query.expr
        for observable in board.observables
        for query in observable.queries
    )
    return any(f"${MODEL}" in text or f"${{{MODEL}" in text for text in texts)
