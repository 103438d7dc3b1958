"""Every ClickHouse query of every board runs in ClickHouse's own engine and finds the planted rows."""

import re

import pytest

from dashboards.boards import boards
from dashboards.observable import ClickhouseSql
from environments.prod import PROD
from evalctl.board_pages.clickhouse import LocalClickhouse
from evalctl.board_pages.evaluations import DAYS, FAILING_TOPICS, REGRESSION_INDEX, runs
from evalctl.board_pages.query_results import Table
from evalctl.board_pages.variables import Span, sql
from evalctl.board_pages.workload import MODELS

END = 1_795_000_000  # any time will do
SPAN = Span(start=END - DAYS * 86_400, end=END, step=3_600, scrape_interval=30)
VALUES = {"environment": (PROD.name,), "model": tuple(model.name for model in MODELS)}

QUERIES = {
    observable.id: query.sql
    for board in boards(PROD)
    for observable in board.observables
    for query in observable.queries
    if isinstance(query, ClickhouseSql)
}


@pytest.fixture(scope="module")
def clickhouse() -> LocalClickhouse:
    clickhouse = LocalClickhouse()
    clickhouse.fill(PROD.name, end=END)
    return clickhouse


def result_of(clickhouse: LocalClickhouse, id_: str, *, environment: str = PROD.name) -> Table:
    return clickhouse.query(
        sql(QUERIES[id_], values={**VALUES, "environment": (environment,)}, span=SPAN)
    )


def column(table: Table, name: str) -> list[object]:
    (index,) = (index for index, found in enumerate(table.columns) if found.name == name)
    return [row[index] for row in table.rows]


def test_there_are_queries_of_both_tables() -> None:
    tables = {table for query in QUERIES.values() for table in re.findall(r"FROM (\w+)", query)}
    assert tables == {"evaluation_results", "llm_calls"}


@pytest.mark.parametrize("id_", QUERIES)
def test_the_query_uses_the_contract_only_and_returns_rows(
    clickhouse: LocalClickhouse, id_: str
) -> None:
    # A table or column that the contract lacks is an error that names it.
    assert result_of(clickhouse, id_).rows


@pytest.mark.parametrize("id_", QUERIES)
def test_the_query_reads_its_own_environment_only(clickhouse: LocalClickhouse, id_: str) -> None:
    assert result_of(clickhouse, id_, environment="elsewhere").rows == ()


@pytest.mark.parametrize("id_", QUERIES)
def test_the_query_reads_the_time_shown_only(clickhouse: LocalClickhouse, id_: str) -> None:
    later = Span(start=END, end=END + 3_600, step=60, scrape_interval=30)

    assert clickhouse.query(sql(QUERIES[id_], values=VALUES, span=later)).rows == ()


def test_the_regression_stands_out_in_the_trend(clickhouse: LocalClickhouse) -> None:
    scores = [
        float(str(score))
        for score in column(result_of(clickhouse, "faithfulness-by-build"), "faithfulness")
    ]

    assert len(scores) == len(runs(end=END))
    assert scores.index(min(scores)) == REGRESSION_INDEX
    healthy = [score for index, score in enumerate(scores) if index != REGRESSION_INDEX]
    assert min(scores) < 0.9 < sum(healthy) / len(healthy)
    assert min(healthy) - min(scores) > max(healthy) - min(healthy), (
        "it is not visible in the noise"
    )


def test_the_table_of_builds_names_the_build_that_regressed(clickhouse: LocalClickhouse) -> None:
    table = result_of(clickhouse, "builds")
    changes = dict(zip(column(table, "change"), column(table, "build"), strict=True))

    worst = min(changes, key=lambda change: float(str(change)))
    assert changes[worst] == runs(end=END)[REGRESSION_INDEX].build


def test_the_failing_topics_are_ranked_first(clickhouse: LocalClickhouse) -> None:
    table = result_of(clickhouse, "fail-topic-clusters")
    shares = [float(str(share)) for share in column(table, "failed")]

    assert tuple(column(table, "topic"))[: len(FAILING_TOPICS)] == FAILING_TOPICS
    assert shares[len(FAILING_TOPICS) - 1] > 2 * shares[len(FAILING_TOPICS)]


def test_the_worst_case_comes_first_and_is_of_the_regression(clickhouse: LocalClickhouse) -> None:
    table = result_of(clickhouse, "worst-cases")
    scores = [float(str(score)) for score in column(table, "score")]

    assert scores == sorted(scores)
    assert column(table, "build")[0] == runs(end=END)[REGRESSION_INDEX].build
    assert column(table, "topic")[0] in FAILING_TOPICS


def test_what_calls_cost_adds_up(clickhouse: LocalClickhouse) -> None:
    by_model = sum(
        float(str(cost)) for cost in column(result_of(clickhouse, "by-model"), "cost_usd")
    )

    assert by_model == pytest.approx(float(clickhouse.run("SELECT sum(cost_usd) FROM llm_calls")))


def test_an_unknown_column_is_named(clickhouse: LocalClickhouse) -> None:
    with pytest.raises(Exception, match="language"):
        clickhouse.query("SELECT language FROM evaluation_results")
