"""The dashboards are valid for Grafana 11.6, the same in every render, and show what the boards define."""

import json
from dataclasses import replace

import pytest
from grafana_foundation_sdk.cog import plugins
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards.boards import boards
from dashboards.grafana.dashboard import dashboard_json
from dashboards.observable import (
    Board,
    Chart,
    ClickhouseSql,
    Observable,
    Promql,
    Severity,
    Threshold,
    Unit,
)
from environments.registry import ENVIRONMENTS
from environments.spec import Environment
from evalctl.board_pages.dashboard_file import Panel, read
from tests.dashboards.examples import OBSERVABLE, board

ENV = ENVIRONMENTS[0]
REAL = [
    pytest.param(one, env, id=f"{env.name}-{one.uid}")
    for env in ENVIRONMENTS
    for one in boards(env)
]


def panel_of(observable: Observable) -> Panel:
    (_, panel) = read(dashboard_json(board(observable), env=ENV))["panels"]
    return panel


@pytest.mark.parametrize(("real", "env"), REAL)
def test_a_dashboard_has_only_grafanas_fields(real: Board, env: Environment) -> None:
    text = dashboard_json(real, env=env)
    plugins.register_default_plugins()

    parsed = Dashboard.from_json(json.loads(text))

    assert json.loads(json.dumps(parsed, cls=JSONEncoder)) == json.loads(text)


@pytest.mark.parametrize(("real", "env"), REAL)
def test_two_renders_give_the_same_bytes(real: Board, env: Environment) -> None:
    assert dashboard_json(real, env=env) == dashboard_json(real, env=env)


@pytest.mark.parametrize(("real", "env"), REAL)
def test_panels_are_inside_the_grid_and_do_not_overlap(real: Board, env: Environment) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in read(dashboard_json(real, env=env))["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] >= 0, panel["title"]
        assert place["x"] + place["w"] <= 24, panel["title"]
        assert not cells & taken, f"{panel['title']} covers another panel"
        taken |= cells


def lines(*charts: Chart) -> list[list[int]]:
    """The widths of each line of a row, from top to bottom."""
    observables = (replace(OBSERVABLE, id=f"o{i}", chart=chart) for i, chart in enumerate(charts))
    (_, *panels) = read(dashboard_json(board(*observables), env=ENV))["panels"]
    by_line: dict[int, list[int]] = {}
    for panel in panels:
        by_line.setdefault(panel["gridPos"]["y"], []).append(panel["gridPos"]["w"])
    return list(by_line.values())


@pytest.mark.parametrize("count", range(1, 12))
def test_every_line_is_filled_to_the_last_column(count: int) -> None:
    for line in lines(*[Chart.TIME_SERIES] * count):
        assert sum(line) == 24


def test_ten_panels_are_in_lines_of_three_three_two_and_two() -> None:
    assert [len(line) for line in lines(*[Chart.TIME_SERIES] * 10)] == [3, 3, 2, 2]


def test_a_table_has_half_a_line_or_more() -> None:
    assert lines(Chart.TIME_SERIES, Chart.BARS, Chart.TABLE) == [[12, 12], [24]]


def test_a_row_begins_below_the_panels_of_the_row_before() -> None:
    one = board(OBSERVABLE)
    two = replace(
        one,
        rows=(
            *one.rows,
            replace(one.rows[0], title="Second", observables=(replace(OBSERVABLE, id="o"),)),
        ),
    )

    (_, panel, second, _) = read(dashboard_json(two, env=ENV))["panels"]

    assert second["gridPos"]["y"] == panel["gridPos"]["y"] + panel["gridPos"]["h"]


def test_a_panel_keeps_its_number_when_another_comes_before_it() -> None:
    alone = panel_of(OBSERVABLE)
    newer = replace(OBSERVABLE, id="newer")
    *_, second = read(dashboard_json(board(newer, OBSERVABLE), env=ENV))["panels"]

    assert second["title"] == alone["title"]
    assert second["id"] == alone["id"]


@pytest.mark.parametrize(("real", "env"), REAL)
def test_numbers_of_panels_are_unique(real: Board, env: Environment) -> None:
    numbers = [panel["id"] for panel in read(dashboard_json(real, env=env))["panels"]]

    assert len(set(numbers)) == len(numbers)


def test_thresholds_are_lines_and_areas_in_the_colours_of_their_severity() -> None:
    defaults = panel_of(OBSERVABLE)["fieldConfig"]["defaults"]

    assert defaults["thresholds"]["steps"] == [
        {"value": None, "color": "transparent"},
        {"value": 800, "color": "orange"},
        {"value": 1000, "color": "red"},
    ]
    assert defaults["custom"]["thresholdsStyle"] == {"mode": "line+area"}
    assert defaults["unit"] == "short"
    assert defaults["custom"]["axisSoftMax"] > 1000, "the lines would be above the chart"


def test_below_a_threshold_is_bad_when_higher_is_better() -> None:
    answered = replace(
        OBSERVABLE,
        higher_is_better=True,
        unit=Unit.RATIO,
        thresholds=(
            Threshold(value=0.95, severity=Severity.WARNING, reason="little is left"),
            Threshold(value=0.9, severity=Severity.CRITICAL, reason="the objective"),
        ),
    )
    steps = panel_of(answered)["fieldConfig"]["defaults"]["thresholds"]["steps"]
    number = panel_of(replace(answered, chart=Chart.STAT))["fieldConfig"]["defaults"]

    assert [(step["value"], step["color"]) for step in steps] == [
        (None, "red"),
        (0.9, "orange"),
        (0.95, "transparent"),
    ]
    assert [step["color"] for step in number["thresholds"]["steps"]] == ["red", "orange", "green"]


def test_a_panel_shows_its_meaning_its_thresholds_and_a_link_to_its_runbook() -> None:
    panel = panel_of(OBSERVABLE)

    assert panel["description"] == (
        "Jobs that no worker has taken yet.\n\n"
        "- warning from 800: four fifths of the limit\n"
        "- critical from 1,000: the limit\n\n"
        "Alerts: JobsWait (critical)."
    )
    (link,) = panel["links"]
    repository = ENV.repository
    assert link["url"] == (
        f"https://github.com/{repository.owner}/{repository.name}/blob/{repository.revision}"
        "/docs/runbooks/example.md#jobs-waiting"
    )


def test_a_single_number_is_an_instant_query_and_a_line_is_a_range_query() -> None:
    (over_time,) = panel_of(OBSERVABLE)["targets"]
    (once,) = panel_of(replace(OBSERVABLE, chart=Chart.STAT))["targets"]

    assert (over_time["instant"], once["instant"]) == (False, True)


def test_a_clickhouse_query_has_the_form_that_the_plugin_saves() -> None:
    queries = (
        ClickhouseSql(sql="SELECT 1", time_series=False),
        ClickhouseSql(sql="SELECT now() AS time, 2 AS two", time_series=True),
    )
    text = dashboard_json(board(replace(OBSERVABLE, queries=queries)), env=ENV)

    assert json.loads(text)["panels"][1]["targets"] == [
        {
            "datasource": {"type": "grafana-clickhouse-datasource", "uid": "clickhouse"},
            "editorType": "sql",
            "format": format_,
            "pluginVersion": "4.0.0",
            "queryType": type_,
            "rawSql": query.sql,
            "refId": ref,
        }
        for query, format_, type_, ref in zip(
            queries, (1, 0), ("table", "timeseries"), "AB", strict=True
        )
    ]


def test_a_panel_with_both_data_sources_is_mixed() -> None:
    both = (Promql(expr="up", legend="up"), ClickhouseSql(sql="SELECT 1", time_series=True))
    text = dashboard_json(board(replace(OBSERVABLE, queries=both)), env=ENV)

    assert json.loads(text)["panels"][1]["datasource"]["uid"] == "-- Mixed --"


def test_bars_of_prometheus_are_one_for_each_day() -> None:
    panel = panel_of(replace(OBSERVABLE, chart=Chart.BARS))

    assert panel["interval"] == "1d"
    assert panel["fieldConfig"]["defaults"]["custom"]["stacking"]["mode"] == "normal"


def test_the_environment_and_the_models_can_be_chosen() -> None:
    for env in ENVIRONMENTS:
        for real in boards(env):
            environment, model = json.loads(dashboard_json(real, env=env))["templating"]["list"]
            assert (environment["name"], environment["current"]["value"]) == (
                "environment",
                env.name,
            )
            assert (model["name"], model["multi"], model["includeAll"]) == ("model", True, True)


def test_the_choice_of_models_is_shown_only_where_a_query_uses_it() -> None:
    of_model = Promql(expr='up{gen_ai_request_model=~"$model"}', legend="up")
    hidden = {
        uses: json.loads(dashboard_json(board(replace(OBSERVABLE, queries=(query,))), env=ENV))[
            "templating"
        ]["list"][1]["hide"]
        for uses, query in ((True, of_model), (False, OBSERVABLE.queries[0]))
    }

    assert hidden == {True: 0, False: 2}
