"""The run's own numbers, from the API, ClickHouse and Prometheus."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from evalctl.board_pages.prometheus import Prometheus
from evalctl.conformance.api import Api, Json
from evalctl.local_servers.clickhouse import Clickhouse, Row

_CALLS = """
SELECT count() AS calls, countIf(error_type = '429') AS refused, countIf(error_type NOT IN ('', '429')) AS failed,
  sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens,
  toFloat64(sum(cost_usd)) AS cost_usd, quantileExact(0.95)(duration_ms) / 1000 AS p95_seconds
FROM llm_calls WHERE run_id IN ({runs})
"""
_SCORES = """
SELECT metric, count() AS scores, avg(score) AS mean, countIf(score < threshold) AS below
FROM evaluation_results WHERE run_id IN ({runs}) GROUP BY metric ORDER BY metric
"""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One test run, as the API reports it."""

    id: str
    build: str
    judge: str
    jobs: Mapping[str, int]  # state → number
    seconds: float  # from the request to the end of its last job
    scores: Mapping[str, float]  # metric → mean


@dataclass(frozen=True, kw_only=True)
class Metric:
    """What the judge found under one metric, in all runs."""

    name: str
    scores: int
    mean: float
    below: int  # scores below the metric's threshold


@dataclass(frozen=True, kw_only=True)
class Report:
    """Everything that the demo's page states about the run."""

    runs: tuple[Run, ...]
    metrics: tuple[Metric, ...]
    seconds: float
    calls: int
    refused: int  # with status 429
    failed: int  # with another error
    input_tokens: int
    output_tokens: int
    cost_usd: float
    call_p95_seconds: float
    job_p50_seconds: float
    job_p95_seconds: float

    @property
    def jobs(self) -> Counter[str]:
        """The jobs of all runs by their state."""
        total: Counter[str] = Counter()
        for run in self.runs:
            total.update(run.jobs)
        return total


def read(
    ids: Mapping[str, Json],
    *,
    api: Api,
    clickhouse: Clickhouse,
    prometheus: Prometheus,
    seconds: float,
) -> Report:
    """The report of these runs (id → the request's body)."""
    listed = ", ".join(f"'{id_}'" for id_ in ids)
    (calls,) = clickhouse.rows(_CALLS.format(runs=listed))
    return Report(
        runs=tuple(_run(id_, body, api) for id_, body in ids.items()),
        metrics=tuple(
            Metric(
                name=str(row["metric"]),
                scores=round(number(row, "scores")),
                mean=number(row, "mean"),
                below=round(number(row, "below")),
            )
            for row in clickhouse.rows(_SCORES.format(runs=listed))
        ),
        seconds=seconds,
        calls=round(number(calls, "calls")),
        refused=round(number(calls, "refused")),
        failed=round(number(calls, "failed")),
        input_tokens=round(number(calls, "input_tokens")),
        output_tokens=round(number(calls, "output_tokens")),
        cost_usd=number(calls, "cost_usd"),
        call_p95_seconds=number(calls, "p95_seconds"),
        job_p50_seconds=_job_seconds(prometheus, 0.5),
        job_p95_seconds=_job_seconds(prometheus, 0.95),
    )


def number(row: Row, column: str) -> float:
    """A number of a row; ClickHouse quotes large ones."""
    return float(str(row[column]))


def _run(id_: str, body: Json, api: Api) -> Run:
    status = api.send("GET", f"/test-runs/{id_}").body
    found = api.send("GET", f"/test-runs/{id_}/results").body
    jobs, judge, scores = status["jobs"], body["judge"], found["metrics"]
    assert isinstance(jobs, dict)
    assert isinstance(judge, dict)
    assert isinstance(scores, Sequence)
    return Run(
        id=id_,
        build=str(status["build"]),
        judge=f"{judge['provider']} {judge['model']}",
        jobs=jobs,
        seconds=(_time(status["finished_at"]) - _time(status["created_at"])),
        scores={str(row["metric"]): number(row, "mean_score") for row in scores},
    )


def _time(text: object) -> float:
    return datetime.fromisoformat(str(text)).timestamp()


def _job_seconds(prometheus: Prometheus, quantile: float) -> float:
    expr = f"histogram_quantile({quantile}, sum by (le) (eval_job_duration_seconds_bucket))"
    (series,) = prometheus.query(expr, at=time.time())
    return series.value
