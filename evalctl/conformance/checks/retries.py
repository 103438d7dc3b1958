"""How a worker repeats calls: attempts, waits, Retry-After, statuses, timeouts."""

import itertools
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from statistics import fmean

from evalctl.conformance.bench import Bench
from evalctl.conformance.check import Subject, check
from evalctl.conformance.pod import Pod
from evalctl.conformance.scale import Scale
from evalctl.conformance.waiting import require
from evalctl.local_servers.provider import Call
from evalctl.local_servers.provider_protocols import Answer, Request

# Backoffs of 2 s and more are divided by this much only: below, the machine's own delays weigh more.
_BACKOFF_FACTOR = 10
# A thread of a busy machine begins a call this much after its wait has ended.
_LATE_SECONDS = 0.75
_UNLISTED = (400, 401, 403, 404, 422)


@check("a call that keeps failing is tried `LLM_MAX_ATTEMPTS` times, and its job fails")
def attempts(bench: Bench) -> str:
    limit = int(bench.platform.worker.variables["LLM_MAX_ATTEMPTS"])
    with bench.platform.provider.behaving(lambda _: Answer(status=500)):
        made, run = _calls_of_one_job(bench)
    require(bench.finished(run).failed == 1, "the job did not fail")
    tries = {len(calls) for calls in _by_prompt(made).values()}
    # Of two calls at the same time, the second is given up when the first has failed for good.
    require(max(tries) == limit, f"calls were tried {sorted(tries)} times instead of {limit}")
    return f"{limit} attempts, then the job failed"


@check("waits between attempts are random up to a bound that doubles and has a maximum")
def backoff(bench: Bench) -> str:
    pod, scale = bench.platform.worker, _backoff_scale(bench)
    initial, most = (
        scale.seconds(float(pod.variables[f"LLM_{name}_BACKOFF_SECONDS"]))
        for name in ("INITIAL", "MAX")
    )
    multiplier = float(pod.variables["LLM_BACKOFF_MULTIPLIER"])
    changed = _backoffs(pod, scale) | {"JOB_MAX_SECONDS": pod.variables["JOB_MAX_SECONDS"]}
    with bench.own(Subject.WORKER, changed=changed) as worker:
        since = time.monotonic()
        with bench.platform.provider.behaving(lambda _: Answer(status=503)):
            bench.finished(bench.start(8), seconds=4 * bench.job_seconds)
        made = bench.platform.provider.made(worker.name, since=since)
    shares = []
    for calls in _by_prompt(made).values():
        for number, (before, after) in enumerate(itertools.pairwise(calls)):
            bound, wait = min(most, initial * multiplier**number), after.began - before.ended
            require(
                wait <= bound + _LATE_SECONDS,
                f"wait {number + 1} took {wait:.2f} s; its bound is {bound:.2f} s",
            )
            if bound > _LATE_SECONDS:
                shares.append(wait / bound)
    require(len(shares) >= 8, f"only {len(shares)} waits were long enough to compare")
    mean = fmean(shares)
    require(
        0.25 <= mean <= 0.75 and max(shares) - min(shares) > 0.4,
        f"waits were {mean:.2f} of their bounds on average, from {min(shares):.2f} to "
        f"{max(shares):.2f}; full jitter has 0.5, from 0 to 1",
    )
    return f"{len(shares)} waits, on average {mean:.2f} of their bounds"


@check("`Retry-After` of a provider has precedence over the backoff")
def retry_after(bench: Bench) -> str:
    pause = 3
    with bench.platform.provider.behaving(
        _once(lambda _: Answer(status=429, retry_after=str(pause)))
    ):
        made, run = _calls_of_one_job(bench)
    bench.done(run)
    waits = _waits(made)
    require(bool(waits), "no call was repeated")
    bound = float(bench.platform.worker.variables["LLM_MAX_BACKOFF_SECONDS"])
    late = bench.platform.scale.seconds(bound) + _LATE_SECONDS
    require(
        all(pause <= wait <= pause + late for wait in waits),
        f"Retry-After was {pause} s, and the waits {', '.join(f'{wait:.2f}' for wait in waits)} s",
    )
    return f"waits of {min(waits):.2f} to {max(waits):.2f} s after Retry-After: {pause}"


@check("each status of `LLM_RETRY_STATUS_CODES` is tried again, and no other")
def statuses(bench: Bench) -> str:
    listed = [
        int(code) for code in bench.platform.worker.variables["LLM_RETRY_STATUS_CODES"].split(",")
    ]
    _ = bench.worker
    for status in listed:
        with bench.platform.provider.behaving(_once(lambda _, s=status: Answer(status=s))):  # type: ignore[misc]
            made, run = _calls_of_one_job(bench)
        require(bool(_waits(made)), f"{status} was not tried again")
        require(bench.finished(run).done == 1, f"the job failed after {status} and a success")
    for status in _UNLISTED:
        with bench.platform.provider.behaving(lambda _, s=status: Answer(status=s)):  # type: ignore[misc]
            made, run = _calls_of_one_job(bench)
        require(not _waits(made), f"{status} was tried again")
        require(bench.finished(run).failed == 1, f"the job did not fail after {status}")
    return (
        f"{', '.join(map(str, listed))} were tried again; {', '.join(map(str, _UNLISTED))} were not"
    )


@check("a call without an answer after `LLM_TIMEOUT_SECONDS` has failed, and is tried again")
def timeout(bench: Bench) -> str:
    seconds = bench.llm_timeout
    with bench.platform.provider.behaving(_once(lambda _: Answer(after_seconds=3 * seconds))):
        made, run = _calls_of_one_job(bench)
    bench.done(run)
    repeated = [calls for calls in _by_prompt(made).values() if len(calls) > 1]
    require(bool(repeated), "no call was repeated")
    after = [calls[1].began - calls[0].began for calls in repeated]
    backoff = bench.platform.scale.seconds(
        float(bench.platform.worker.variables["LLM_MAX_BACKOFF_SECONDS"])
    )
    require(
        all(seconds * 0.9 <= wait <= seconds + backoff + _LATE_SECONDS for wait in after),
        f"the timeout is {seconds:.1f} s; calls were repeated after {', '.join(f'{w:.1f}' for w in after)} s",
    )
    return f"repeated {min(after):.1f} to {max(after):.1f} s after they began; the timeout is {seconds:.1f} s"


def _calls_of_one_job(bench: Bench) -> tuple[list[Call], str]:
    worker, since = bench.worker, time.monotonic()
    run = bench.start(1)
    bench.finished(run)
    return bench.platform.provider.made(worker.name, since=since), run


def _once(behaviour: Callable[[Request], Answer]) -> Callable[[Request], Answer]:
    """Behave so for the first call, and answer all others."""
    calls = itertools.count()
    return lambda request: Answer() if next(calls) else behaviour(request)


def _by_prompt(calls: Iterable[Call]) -> dict[str, list[Call]]:
    found: dict[str, list[Call]] = defaultdict(list)
    for call in calls:
        found[call.request.prompt].append(call)
    return found


def _waits(calls: Iterable[Call]) -> list[float]:
    return [
        after.began - before.ended
        for same in _by_prompt(calls).values()
        for before, after in itertools.pairwise(same)
    ]


def _backoff_scale(bench: Bench) -> Scale:
    return Scale(min(bench.platform.scale.factor, _BACKOFF_FACTOR))


def _backoffs(pod: Pod, scale: Scale) -> dict[str, str]:
    return scale.variables(
        {name: value for name, value in pod.variables.items() if "BACKOFF" in name}
    )
