"""What the API reads of the rows that workers wrote, in ClickHouse's engine."""

import time
from uuid import UUID, uuid4

import pytest

from tests.workload.worker.conftest import Workers
from workload.clickhouse import ClickHouse
from workload.orchestrator import results
from workload.settings import WorkerSettings


@pytest.fixture
def settings(workers: Workers) -> WorkerSettings:
    return WorkerSettings.model_validate(
        {name.lower(): value for name, value in workers.variables.items()}
    )


def write(settings: WorkerSettings, run: UUID, *scores: float, environment: str = "test") -> None:
    rows = [
        {
            "evaluated_at": time.time(),  # the table drops old rows
            "environment": environment,
            "run_id": str(run),
            "case_id": str(number),
            "metric": "faithfulness",
            "score": score,
            "threshold": 0.9,
        }
        for number, score in enumerate(scores)
    ]
    ClickHouse(settings).insert("evaluation_results", rows)


def test_a_runs_results_are_its_mean_scores_and_its_cases_below_the_threshold(
    settings: WorkerSettings,
) -> None:
    run = uuid4()
    write(settings, run, 0.5, 1.0)
    write(settings, uuid4(), 0.1)
    write(settings, run, 0.2, environment="other")
    assert results.scores(settings, run) == [
        {"metric": "faithfulness", "cases": 2, "mean_score": 0.75, "below_threshold": 1}
    ]


def test_a_run_without_rows_has_no_results(settings: WorkerSettings) -> None:
    assert results.scores(settings, uuid4()) == []
