"""What a worker sends to a provider in a minute, and at a time."""

from collections.abc import Callable

from environments.names import App
from evalctl.conformance.bench import Bench
from evalctl.conformance.check import Subject, check
from evalctl.conformance.pod import Pod, document
from evalctl.conformance.program import Program
from evalctl.conformance.waiting import holds, require, until
from evalctl.local_servers.provider import Call
from evalctl.local_servers.provider_protocols import Answer

_MINUTE = 60.0
_OVER_A_MINUTE = 75.0
_FEW_CALLS = 2


@check("in any minute a worker makes at most its rendered requests, and uses at most its tokens")
def requests_and_tokens_per_minute(bench: Bench) -> str:
    pod = bench.platform.worker
    requests = int(pod.variables["LLM_REQUESTS_PER_MINUTE"])
    tokens = int(pod.variables["LLM_TOKENS_PER_MINUTE"])
    with bench.own(Subject.WORKER, changed=_unscaled(pod)) as worker:
        # A job makes some calls, so these are far too many for a minute.
        run = bench.start(requests)
        until(lambda: bool(_made(bench, worker)), seconds=bench.job_seconds, what="a call was made")
        holds(lambda: not worker.has_ended, seconds=_OVER_A_MINUTE, what="the worker ran")
        bench.api.cancel(run)
        made = _made(bench, worker)
    most_requests = _most_in_a_minute(made, lambda _: 1)
    most_tokens = _most_in_a_minute(made, lambda call: call.tokens)
    require(most_requests <= requests, f"{most_requests} requests in a minute, of {requests}")
    require(most_tokens <= tokens, f"{most_tokens} tokens in a minute, of {tokens}")
    require(
        most_requests > requests * 0.5 or most_tokens > tokens * 0.5,
        f"only {most_requests} requests and {most_tokens} tokens were used in a minute",
    )
    return f"{most_requests} of {requests} requests, {most_tokens} of {tokens} tokens"


@check("the limits of all workers at their maximum are together within the provider's")
def sum_of_workers_within_the_providers_limit(bench: Bench) -> str:
    pod, calls = bench.platform.worker, bench.platform.names.env.worker.llm_calls
    autoscaler = f"HorizontalPodAutoscaler-{App.WORKER}.yaml"
    workers = document(bench.platform.rendered / "k8s" / App.WORKER / autoscaler)["spec"][
        "maxReplicas"
    ]
    requests = workers * int(pod.variables["LLM_REQUESTS_PER_MINUTE"])
    tokens = workers * int(pod.variables["LLM_TOKENS_PER_MINUTE"])
    evidence = (
        f"{workers} workers: {requests} of {calls.provider_requests_per_minute} requests, "
        f"{tokens} of {calls.provider_tokens_per_minute} tokens in a minute"
    )
    require(
        requests <= calls.provider_requests_per_minute
        and tokens <= calls.provider_tokens_per_minute,
        evidence,
    )
    return evidence


@check("a worker makes at most `LLM_CONCURRENCY` calls at a time")
def calls_at_a_time(bench: Bench) -> str:
    rendered = int(bench.platform.worker.variables["LLM_CONCURRENCY"])
    limit = min(rendered, _FEW_CALLS)  # fewer than its jobs would make without a limit
    with bench.own(Subject.WORKER, changed={"LLM_CONCURRENCY": str(limit)}) as worker:
        seconds = bench.llm_timeout / 4
        with bench.platform.provider.behaving(lambda _: Answer(after_seconds=seconds)):
            bench.done(bench.start(6), seconds=2 * bench.job_seconds)
        made = _made(bench, worker)
    most = max(sum(other.began <= call.began < other.ended for other in made) for call in made)
    require(most <= limit, f"{most} calls at a time, of {limit}")
    return f"at most {most} at a time with a limit of {limit} (rendered: {rendered})"


def _most_in_a_minute(calls: list[Call], weight: Callable[[Call], int]) -> int:
    return max(
        sum(weight(call) for call in calls if first.began <= call.began < first.began + _MINUTE)
        for first in calls
    )


def _made(bench: Bench, worker: Program) -> list[Call]:
    return bench.platform.provider.made(worker.name)


def _unscaled(pod: Pod) -> dict[str, str]:
    """A minute cannot be scaled, because the program counts it."""
    return {
        name: value
        for name, value in pod.variables.items()
        if name.startswith(("LLM_", "JOB_")) and name != "JOB_CONCURRENCY"
    }
