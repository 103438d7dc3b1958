"""The metrics of telemetry/contract.py: names, types, labels, and those that are always present."""

from collections.abc import Iterable

import prometheus_client

from evalctl.conformance.bench import Bench
from evalctl.conformance.check import Subject, check
from evalctl.conformance.program import Program
from evalctl.conformance.waiting import require, until
from evalctl.local_servers.provider_protocols import Answer, Request
from telemetry.contract import METRICS, Emitter, Metric, MetricType

_SETTLE_SECONDS = 15


def _declared(subject: Subject) -> list[Metric]:
    return [metric for metric in METRICS if metric.emitter is Emitter(subject.value)]


@check("a metric that is *always present* is exported from the start")
def metrics_always_present(bench: Bench) -> str:
    with bench.own(bench.subject) as tested:
        tested.is_ready  # noqa: B018  # the kubelet's requests are requests too
        expected = [metric for metric in _declared(bench.subject) if metric.always_present]
        exported = _samples(tested)
        missing = [
            series for metric in expected for series in metric.series if series not in exported
        ]
        require(not missing, f"missing after the start: {', '.join(missing)}")
        return ", ".join(metric.name for metric in expected)


@check("every metric has the name, the type and exactly the labels of docs/telemetry.md")
def metrics_as_declared(bench: Bench) -> str:
    _make_every_event_happen(bench)
    declared = _declared(bench.subject)

    def missing() -> list[str]:
        exported = _samples(bench.tested)
        return [series for metric in declared for series in metric.series if series not in exported]

    try:
        until(lambda: not missing(), seconds=_SETTLE_SECONDS, what="every metric was exported")
    finally:
        problems = list(_differences(bench.tested, declared))
    require(not problems, "; ".join(problems))
    return f"{len(declared)} metrics"


def _make_every_event_happen(bench: Bench) -> None:
    """A run with a refused call, so that retries are counted too."""
    refused = set[str]()

    def first_refused(request: Request) -> Answer:
        if request.prompt in refused:
            return Answer()
        refused.add(request.prompt)
        return Answer(status=429)

    _ = bench.worker
    with bench.platform.provider.behaving(first_refused):
        bench.done(bench.start(1))


def _samples(program: Program) -> dict[str, prometheus_client.Metric]:
    """Each exported sample's name, and its family."""
    return {
        sample.name: family for family in program.metrics().values() for sample in family.samples
    }


def _differences(program: Program, declared: Iterable[Metric]) -> Iterable[str]:
    exported = _samples(program)
    for metric in declared:
        family = exported.get(metric.series[0])
        if family is None:
            yield f"{metric.name} is not exported"
            continue
        if family.type != metric.type:
            yield f"{metric.name} is a {family.type} instead of a {metric.type}"
        for sample in family.samples:
            if sample.name.endswith("_created"):
                continue
            own = {"le"} if metric.type is MetricType.HISTOGRAM else set()
            labels = set(sample.labels) - own
            if labels != set(metric.labels):
                yield f"{sample.name} has the labels {sorted(labels)} instead of {sorted(metric.labels)}"
                break


@check("jobs, calls, tokens and dollars in the metrics are those that happened")
def metrics_count_what_happened(bench: Bench) -> str:
    worker, provider = bench.worker, bench.platform.provider
    names = (
        "eval_jobs_total",
        "eval_job_duration_seconds_count",
        "gen_ai_client_operation_duration_seconds_count",
        "gen_ai_client_token_usage_sum",
        "eval_llm_cost_usd_total",
    )
    before = {name: worker.value(name) for name in names}
    made = len(provider.made(worker.name))
    tokens = sum(call.tokens for call in provider.made(worker.name))
    bench.done(bench.start(2))
    calls = provider.made(worker.name)

    def grown(name: str) -> float:
        return worker.value(name) - before[name]

    expected = {
        "eval_jobs_total": 2,
        "eval_job_duration_seconds_count": 2,
        "gen_ai_client_operation_duration_seconds_count": len(calls) - made,
        "gen_ai_client_token_usage_sum": sum(call.tokens for call in calls) - tokens,
    }
    for name, value in expected.items():
        until(
            lambda name=name, value=value: grown(name) == value,  # type: ignore[misc]
            seconds=_SETTLE_SECONDS,
            what=f"{name} grew by {value}; it grew by {grown(name):g}",
        )
    require(grown("eval_llm_cost_usd_total") > 0, "eval_llm_cost_usd_total did not grow")
    return f"2 jobs, {expected['gen_ai_client_operation_duration_seconds_count']} calls, {expected['gen_ai_client_token_usage_sum']} tokens"


@check("`eval_test_runs_total` counts a run when its last job has ended")
def test_runs_are_counted(bench: Bench) -> str:
    orchestrator = bench.orchestrator
    _ = bench.worker
    before = orchestrator.value("eval_test_runs_total", {"outcome": "succeeded"})
    bench.done(bench.start(2))
    until(
        lambda: orchestrator.value("eval_test_runs_total", {"outcome": "succeeded"}) == before + 1,
        seconds=_SETTLE_SECONDS,
        what="the run was counted once as succeeded",
    )
    return "one run of two jobs was counted once"


@check("`eval_queue_oldest_job_age_seconds` grows while a job waits, and is 0 while none does")
def oldest_job_age(bench: Bench) -> str:
    bench.stop(Subject.WORKER)
    bench.cancel_all()
    orchestrator, name = bench.orchestrator, "eval_queue_oldest_job_age_seconds"
    until(lambda: orchestrator.value(name) == 0, seconds=_SETTLE_SECONDS, what=f"{name} was 0")
    run = bench.start(1)
    took = until(
        lambda: orchestrator.value(name) > 2, seconds=_SETTLE_SECONDS, what=f"{name} was above 2"
    )
    bench.api.cancel(run)
    until(lambda: orchestrator.value(name) == 0, seconds=_SETTLE_SECONDS, what=f"{name} was 0")
    return f"above 2 after {took:.1f} s, and 0 after the run was cancelled"
