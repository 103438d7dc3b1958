"""Queries are the same as those that Grafana sends."""

import pytest

from evalctl.board_pages.variables import Span, UnknownVariableError, promql, sql

SPAN = Span(start=1_000_000, end=1_086_400, step=120, scrape_interval=30)
VALUES = {"environment": ("prod",), "model": ("a-1.2", "b")}


def test_several_models_become_a_regular_expression_for_prometheus() -> None:
    query = promql('up{model=~"$model"}', values=VALUES, span=SPAN)

    assert query == 'up{model=~"(a-1\\\\.2|b)"}'


def test_ranges_follow_the_shown_time_range_and_its_step() -> None:
    assert promql("a[$__range] b[$__rate_interval]", values={}, span=SPAN) == "a[86400s] b[150s]"


def test_a_rate_interval_holds_four_scrapes_at_least() -> None:
    narrow = Span(start=0, end=3_600, step=5, scrape_interval=30)

    assert promql("a[$__rate_interval]", values={}, span=narrow) == "a[120s]"


def test_clickhouse_queries_have_times_and_quoted_values() -> None:
    text = (
        "WHERE $__timeFilter(called_at) AND environment = '$environment'"
        " AND model IN (${model:singlequote})"
    )

    assert sql(text, values=VALUES, span=SPAN) == (
        "WHERE called_at >= toDateTime(1000000) AND called_at <= toDateTime(1086400)"
        " AND environment = 'prod' AND model IN ('a-1.2','b')"
    )


@pytest.mark.parametrize("text", ["$undefined", "${model:fancy}", "$__timeGroup(called_at)"])
def test_an_undefined_variable_format_or_macro_is_an_error(text: str) -> None:
    with pytest.raises(UnknownVariableError):
        sql(text, values=VALUES, span=SPAN)
