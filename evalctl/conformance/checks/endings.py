"""How a job ends: its longest time, SIGTERM, SIGKILL, and results exactly once."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event

from evalctl.conformance import api
from evalctl.conformance.bench import Bench
from evalctl.conformance.check import Subject, check
from evalctl.conformance.program import BrokenError, Program
from evalctl.conformance.waiting import require, until
from evalctl.local_servers.provider import Call
from evalctl.local_servers.provider_protocols import Answer, Request

# kombu looks for messages to restore every ten seconds, and a program needs time to take a job.
_SEEN_AGAIN_SECONDS = 30
_BACK_SECONDS = 2


@check("a job that takes longer than `JOB_MAX_SECONDS` ends and counts as failed")
def longest_job(bench: Bench) -> str:
    worker, platform = bench.worker, bench.platform
    most = platform.scale.seconds(float(worker.pod.variables["JOB_MAX_SECONDS"]))
    failed = worker.value("eval_jobs_total", {"outcome": "failed"})

    def refuses(_: Request) -> Answer:
        return Answer(status=429, retry_after=str(int(most * 2)))

    began = time.monotonic()
    with platform.provider.behaving(refuses):
        run = bench.start(1)
        jobs = bench.finished(run, seconds=most + _SEEN_AGAIN_SECONDS)
    took = time.monotonic() - began
    require(jobs.failed == 1, f"the job ended as {dict(jobs.states)}")
    require(took >= most, f"it ended after {took:.1f} s, before its limit of {most:.1f} s")
    until(
        lambda: bench.worker.value("eval_jobs_total", {"outcome": "failed"}) == failed + 1,
        seconds=_BACK_SECONDS,
        what="the job was counted as failed",
    )
    return f"ended after {took:.1f} s; the limit is {most:.1f} s"


@check("after SIGTERM no further job is taken; unfinished ones are back in the queue when it ends")
def sigterm(bench: Bench) -> str:
    platform = bench.platform
    variables = platform.worker.variables
    drain = platform.scale.seconds(float(variables["DRAIN_SECONDS"]))
    # What follows the drain is work and no wait, so it is not scaled.
    grace = drain + platform.worker.grace_seconds - float(variables["DRAIN_SECONDS"])
    with bench.own(Subject.WORKER) as first, _stuck(bench) as stuck:
        at_a_time = _at_a_time(bench)
        run = bench.start(at_a_time + 4)
        _in_progress(bench, first, at_a_time)
        first.terminate()
        ended = until(
            lambda: first.has_ended, seconds=grace, what=f"it ended within {grace:.0f} s of SIGTERM"
        )
        back = until(
            lambda: bench.waiting() == at_a_time + 4,
            seconds=_BACK_SECONDS,
            what=f"all {at_a_time + 4} jobs were in the queue; {bench.waiting()} are",
        )
        stuck.set()
        begun = _cases_in(platform.provider.made(first.name))
        require(len(begun) <= at_a_time, f"calls of {len(begun)} jobs were made, of {at_a_time}")
    with bench.own(Subject.WORKER) as second:
        bench.done(run, seconds=2 * bench.job_seconds)
        crashed = second.value("eval_jobs_total", {"outcome": "crashed"})
    require(crashed == 0, f"{crashed:g} jobs were counted as crashed")
    bench.require_once(run)
    return (
        f"ended {ended:.1f} s after SIGTERM, jobs back {back:.1f} s later, none counted as crashed"
    )


@check("after SIGKILL its jobs are seen again after the visibility timeout, and counted as crashed")
def sigkill(bench: Bench) -> str:
    platform, visible = bench.platform, _visible_seconds(bench)
    with bench.own(Subject.WORKER) as first, _stuck(bench) as stuck:
        run = bench.start(1)
        _in_progress(bench, first, 1)
        began = time.monotonic()
        first.kill()
        stuck.set()
    with bench.own(Subject.WORKER) as second:
        until(
            lambda: bool(platform.provider.made(second.name)),
            seconds=visible + _SEEN_AGAIN_SECONDS,
            what="another worker ran the job",
        )
        again = platform.provider.made(second.name)[0].began - began
        bench.done(run)
        until(
            lambda: second.value("eval_jobs_total", {"outcome": "crashed"}) == 1,
            seconds=_BACK_SECONDS,
            what="the job was counted as crashed once",
        )
    bench.require_once(run)
    return f"ran again {again:.1f} s after SIGKILL; the timeout is {visible:.1f} s"


@check(
    "a worker that dies after it wrote results, before it acknowledged the job, writes none twice"
)
def killed_before_the_acknowledgement(bench: Bench) -> str:
    platform, visible = bench.platform, _visible_seconds(bench)
    with bench.own(Subject.WORKER) as first, _stuck(bench) as stuck:
        run = bench.start(1)
        _in_progress(bench, first, 1)
        # Without the queue the worker can finish the job, and cannot acknowledge it.
        with platform.redis.unreachable():
            stuck.set()
            written = _results_within(bench, run, seconds=bench.job_seconds)
            first.kill()
    with bench.own(Subject.WORKER) as second:
        bench.done(run, seconds=visible + _SEEN_AGAIN_SECONDS + bench.job_seconds)
        until(lambda: bench.waiting() == 0, seconds=bench.job_seconds, what="the queue was empty")
        time.sleep(_BACK_SECONDS)
        calls = len(platform.provider.made(second.name))
    bench.require_once(run)
    return (
        f"{len(bench.results(run))} results, each once; {written} were written before SIGKILL, and the "
        f"second worker made {calls} calls"
    )


def _results_within(bench: Bench, run: str, *, seconds: float) -> int:
    """How many results are written; a worker may also stop a job that it cannot acknowledge."""
    with suppress(BrokenError):
        until(lambda: bool(bench.results(run)), seconds=seconds, what="results were written")
        time.sleep(_BACK_SECONDS)
    return len(bench.results(run))


def _in_progress(bench: Bench, worker: Program, jobs: int) -> None:
    until(
        lambda: worker.value("eval_jobs_in_progress") == jobs,
        seconds=bench.job_seconds,
        what=f"{jobs} jobs were in progress; JOB_CONCURRENCY is {_at_a_time(bench)}",
    )


def _visible_seconds(bench: Bench) -> float:
    """When a job of a dead worker is seen again, at the scale of this run."""
    timeout = bench.platform.worker.variables["JOB_VISIBILITY_TIMEOUT_SECONDS"]
    return bench.platform.scale.seconds(float(timeout))


def _at_a_time(bench: Bench) -> int:
    return int(bench.platform.worker.variables.get("JOB_CONCURRENCY", "1"))


@contextmanager
def _stuck(bench: Bench) -> Iterator[Event]:
    """Every call waits until the event is set, or the block ends."""
    released = Event()

    def waits(_: Request) -> Answer:
        released.wait()
        return Answer()

    try:
        with bench.platform.provider.behaving(waits):
            yield released
    finally:
        released.set()


def _cases_in(calls: list[Call]) -> set[str]:
    """The numbers of the cases whose facts are in the calls' prompts."""
    return {number for call in calls for number in re.findall(api.FACT, call.request.prompt)}
