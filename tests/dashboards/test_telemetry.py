"""Every query uses only metrics and labels of the telemetry contract."""

from collections.abc import Iterator

import pytest

from dashboards.boards import boards
from dashboards.boards.recording_rules import recording_rules
from environments.registry import ENVIRONMENTS
from environments.spec import Environment
from telemetry.contract import METRICS, Emitter, Metric
from telemetry.queue_length import QUEUE_SERIES
from tests.dashboards.promql import Query, adapter, alerts, panels, records
from tests.support.manifests import Manifest

SERIES: dict[str, Metric] = {series: metric for metric in METRICS for series in metric.series}
RECORDED = {rule.name: Query(place=rule.name, expr=rule.expr) for rule in recording_rules()}
_PROMETHEUS_OWN = frozenset({"job", "instance"})
_WHERE = "telemetry/contract.py"


def problems(query: Query) -> Iterator[str]:
    """Each metric or label of the query that is not in the contract, and what to do."""
    known: set[str] = set()
    for selector in query.selectors():
        name = selector.name
        labels = labels_of(name) if name else None
        if labels is None:
            yield (
                f"{query.place}: {name or 'a query without a metric'} is neither in {_WHERE} nor "
                "recorded by dashboards/boards/recording_rules.py; add it there with its emitter, or "
                "correct the name"
            )
            continue
        known |= labels
        for matcher in selector.matchers.matchers:
            if matcher.name not in labels:
                yield (
                    f"{query.place}: {name} has no label {matcher.name} in {_WHERE}; it has "
                    f"{', '.join(sorted(labels))}"
                )
            if matcher.name == "job" and matcher.value not in set(Emitter):
                yield f"{query.place}: no emitter in {_WHERE} has the job {matcher.value!r}"
    for label in sorted(query.grouped_by() - known):
        yield f"{query.place}: groups by {label}, which nothing it reads has in {_WHERE}"


def labels_of(series: str) -> set[str] | None:
    """The labels that queries may use; None for a name that is in no contract."""
    if series in RECORDED:
        return RECORDED[series].grouped_by() - {"le"}
    if series not in SERIES:
        return None
    bucket = {"le"} if series.endswith("_bucket") else set()
    return {*SERIES[series].labels, *_PROMETHEUS_OWN, *bucket}


@pytest.mark.parametrize("env", ENVIRONMENTS, ids=lambda env: env.name)
def test_panels_and_alerts_use_only_the_contract(env: Environment) -> None:
    queries = [*panels(boards(env)), *alerts(boards(env))]

    assert len(queries) > 40
    assert [problem for query in queries for problem in problems(query)] == []


def test_recording_rules_use_only_the_contract() -> None:
    assert [problem for query in records() for problem in problems(query)] == []


@pytest.mark.parametrize("name", [env.name for env in ENVIRONMENTS])
def test_autoscaling_uses_only_the_contract(name: str, argocd: dict[str, list[Manifest]]) -> None:
    queries = list(adapter(argocd[name]))

    assert queries
    assert [problem for query in queries for problem in problems(query)] == []


@pytest.mark.parametrize("name", [env.name for env in ENVIRONMENTS])
def test_alerts_and_the_autoscaler_measure_the_same_queue_length(
    name: str, argocd: dict[str, list[Manifest]]
) -> None:
    recorded = RECORDED["queue:jobs_waiting:max"].expr

    assert recorded == "max(" + QUEUE_SERIES + ")"
    (read,) = {query.expr for query in adapter(argocd[name])} - {QUEUE_SERIES}
    assert read.startswith(f"{recorded} + (sum(eval_jobs_in_progress")


@pytest.mark.parametrize(
    ("expr", "message"),
    [
        ("sum(eval_job_total)", "eval_job_total is neither in telemetry/contract.py nor"),
        ('redis_up{cluster="a"}', "redis_up has no label cluster"),
        ('up{job="clickhous"}', "no emitter in telemetry/contract.py has the job 'clickhous'"),
        ("sum by (model) (eval_llm_cost_usd_total)", "groups by model, which nothing"),
        ("gen_ai_client_token_usage", "gen_ai_client_token_usage is neither in"),
        ('eval_job_duration_seconds_sum{le="1"}', "eval_job_duration_seconds_sum has no label le"),
        ('max_over_time(rate({job="worker"}[5m])[1h:])', "a query without a metric"),
    ],
)
def test_a_name_outside_the_contract_is_reported_with_its_place(expr: str, message: str) -> None:
    (problem,) = problems(Query(place="panel a-board/a-panel", expr=expr))

    assert problem.startswith("panel a-board/a-panel: ")
    assert message in problem
