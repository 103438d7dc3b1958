"""The synthetic rows have the columns of the contract and are the same every time."""

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest

from evalctl.board_pages.evaluations import (
    DAYS,
    EvaluationResult,
    LlmCall,
    evaluation_results,
    llm_calls,
    runs,
)
from telemetry.contract import EVALUATION_RESULTS, LLM_CALLS, Table

END = 1_795_000_000


@pytest.mark.parametrize(
    ("row", "table"), [(EvaluationResult, EVALUATION_RESULTS), (LlmCall, LLM_CALLS)]
)
def test_a_row_has_the_tables_columns(row: type[EvaluationResult | LlmCall], table: Table) -> None:
    assert [field.name for field in dataclasses.fields(row)] == [
        column.name for column in table.columns
    ]


def test_rows_are_the_same_every_time() -> None:
    for create in (evaluation_results, llm_calls):
        assert list(create("prod", end=END)) == list(create("prod", end=END))


def test_rows_are_within_the_weeks_before_the_end() -> None:
    end = datetime.fromtimestamp(END, UTC)
    times = [row.evaluated_at for row in evaluation_results("prod", end=END)]
    times += [row.called_at for row in llm_calls("prod", end=END)]

    assert end - timedelta(days=DAYS) < min(times)
    assert max(times) < end
    assert len(runs(end=END)) > 20


def test_scores_are_in_range_and_a_refused_call_is_retried() -> None:
    assert all(0 <= row.score <= 1 for row in evaluation_results("prod", end=END))
    calls = list(llm_calls("prod", end=END))
    refused = [call for call in calls if call.error_type]
    assert refused
    assert len(refused) == sum(call.attempt == 2 for call in calls)
    assert all(call.cost_usd == 0 for call in refused)
