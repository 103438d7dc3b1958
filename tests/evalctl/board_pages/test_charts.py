"""Charts show values and thresholds as Grafana draws them."""

import json
from dataclasses import replace

import pytest

from dashboards.grafana.dashboard import dashboard_json
from dashboards.observable import Chart, ClickhouseSql, Observable, Severity, Threshold, Unit
from environments.registry import ENVIRONMENTS
from evalctl.board_pages import charts, page, units
from evalctl.board_pages.dashboard_file import Panel, read
from evalctl.board_pages.query_results import Column, Line, Table
from evalctl.board_pages.variables import Span
from tests.dashboards.examples import OBSERVABLE, board

SPAN = Span(start=1_795_100_400, end=1_795_186_800, step=120, scrape_interval=30)
LINE = Line(name="jobs", times=(SPAN.start, SPAN.end), values=(10, 400))
RED, ORANGE = "#f2495c", "#ff9830"


def panel_of(observable: Observable) -> Panel:
    (_, panel) = read(dashboard_json(board(observable), env=ENVIRONMENTS[0]))["panels"]
    return panel


def shapes(observable: Observable, kind: str) -> list[dict[str, object]]:
    figure = json.loads(charts.time_series(panel_of(observable), [LINE], span=SPAN))
    return [shape for shape in figure["layout"].get("shapes", []) if shape["type"] == kind]


def test_each_threshold_is_a_line_in_the_colour_of_its_severity() -> None:
    assert [(line["y0"], line["line"]) for line in shapes(OBSERVABLE, "line")] == [
        (800, {"color": ORANGE, "width": 1.4}),
        (1000, {"color": RED, "width": 1.4}),
    ]


def test_ranges_above_a_threshold_are_coloured_and_the_range_below_is_not() -> None:
    areas = shapes(OBSERVABLE, "rect")

    assert [(area["y0"], area["y1"], area["fillcolor"]) for area in areas] == [
        (800, 1000, ORANGE),
        (1000, 1200, RED),
    ]


def test_when_higher_is_better_the_area_below_the_threshold_is_coloured() -> None:
    objective = Threshold(value=100, severity=Severity.CRITICAL, reason="the objective")
    availability = replace(OBSERVABLE, higher_is_better=True, thresholds=(objective,))

    (area,) = shapes(availability, "rect")
    (line,) = shapes(availability, "line")

    assert (area["y0"], area["y1"], area["fillcolor"]) == (0, 100, RED)
    assert line["line"] == {"color": RED, "width": 1.4}


def test_without_thresholds_no_range_is_coloured() -> None:
    assert shapes(replace(OBSERVABLE, thresholds=()), "rect") == []


def test_bars_are_in_the_order_of_the_rows_from_top_to_bottom() -> None:
    topics = replace(
        OBSERVABLE,
        chart=Chart.BARS,
        unit=Unit.RATIO,
        queries=(ClickhouseSql(sql="SELECT 1", time_series=False),),
    )
    table = Table(
        columns=(Column(name="topic", type="String"), Column(name="failed", type="Float64")),
        rows=(("refunds", 0.5), ("delivery", 0.1)),
    )

    (bars,) = json.loads(charts.bar_chart(panel_of(topics), table))["data"]

    assert bars["y"] == ["delivery", "refunds"]
    assert bars["text"] == ["10%", "50%"]


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.9995, "percentunit", "99.95%"),
        (0.25, "percentunit", "25%"),
        (3 * 2**30, "bytes", "3 GiB"),
        (1_440, "short", "1.44 K"),
        (7, "short", "7"),
        (15.6, "currencyUSD", "$15.60"),
        (0.25, "s", "0.25 s"),
        (204, "d", "204 days"),
        (1.5, "ops", "1.5/s"),
    ],
)
def test_numbers_are_formatted_with_their_unit(value: float, unit: str, text: str) -> None:
    assert units.text(value, unit) == text


def test_values_from_a_query_are_escaped_in_the_page() -> None:
    table = Table(columns=(Column(name="a", type="String"),), rows=(("<script>alert(1)",),))

    assert "<script>" not in page.table(panel_of(OBSERVABLE), table)
    assert "</script>" not in page.chart(panel_of(OBSERVABLE), '"</script>"').removesuffix(
        "</script>"
    )
