"""No job lost: workers end at random moments, the queue fails over and its password is rotated, at work."""

import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from environments.names import Secret
from evalctl.conformance import api, program
from evalctl.conformance.bench import START_SECONDS, Bench
from evalctl.conformance.check import Result, Subject
from evalctl.conformance.program import BrokenError, Program
from evalctl.conformance.scale import Scale
from evalctl.conformance.waiting import require
from evalctl.local_servers import judge_rules
from evalctl.local_servers.provider_protocols import Answer, Request
from evalctl.local_servers.redis import Redis, redis

WORKERS = 4
LINE = "every job's effect is there once, whatever ends; none is lost"

_ANSWER_SECONDS = (0.05, 0.3)
_PAUSE_SECONDS = (1.0, 4.0)
_LOST_SHARE = 10  # one job of so many is pushed while replication is cut
# So many jobs wait or run when replication is cut. More would hide the recovery, because a lost job that comes back
# waits behind them; with fewer the workers would take the jobs that are to be lost.
_LEFT_AT_FAILOVER = 50
_FILE_LATER_SECONDS = 2.0
# Jobs take a while on two processors, and a lost one is seen again only after its timeout.
_QUIET_SECONDS = 300
# With workers that start all the time a job is slow, and must not reach its longest time.
_FACTOR = 10


@dataclass
class Chaos:
    """One run's state: the workers that live, and what was done to them."""

    bench: Bench
    chance: random.Random
    note: Callable[[str], None]
    began: float = field(default_factory=time.monotonic)
    workers: list[tuple[Program, ExitStack]] = field(default_factory=list)
    ending: list[tuple[Program, ExitStack]] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)
    recovery_seconds: float = 0.0

    def start_worker(self) -> None:
        stack = ExitStack()
        worker = stack.enter_context(self.bench.another(Subject.WORKER, changed=_times(self.bench)))
        self.workers.append((worker, stack))

    def end_a_worker(self) -> None:
        """SIGTERM or SIGKILL to a random worker; another starts, as the Deployment's does."""
        worker, stack = self.workers.pop(self.chance.randrange(len(self.workers)))
        how = self.chance.choice(("SIGTERM", "SIGKILL"))
        self.ends[how] += 1
        if how == "SIGKILL":
            worker.kill()
            stack.close()
        else:
            worker.terminate()
            self.ending.append((worker, stack))
        self.start_worker()

    def close_ended(self) -> None:
        for worker, stack in [each for each in self.ending if each[0].has_ended]:
            stack.close()
            self.ending.remove((worker, stack))

    def event(self, text: str) -> None:
        self.note(f"{time.monotonic() - self.began:6.1f} s  {text}")


def run(bench: Bench, *, jobs: int, seed: int | None, note: Callable[[str], None]) -> Result:
    """The result: passed when each job has its results once."""
    seed = random.randrange(2**32) if seed is None else seed
    note(f"seed {seed}; --seed {seed} repeats the random moments")
    began = time.monotonic()
    try:
        passed, evidence = True, _run(bench, jobs, random.Random(seed), note)
    except BrokenError as error:
        passed, evidence = False, str(error)
    return Result("no-job-lost", LINE, passed, evidence, round(time.monotonic() - began, 1))


def _run(bench: Bench, jobs: int, chance: random.Random, note: Callable[[str], None]) -> str:
    platform, chaos = bench.platform, Chaos(bench, chance, note)
    slow = random.Random(chance.random())

    def answers(_: Request) -> Answer:
        return Answer(after_seconds=slow.uniform(*_ANSWER_SECONDS))

    before, late = jobs // 2, jobs // _LOST_SHARE
    _ = bench.orchestrator
    with (
        platform.provider.behaving(answers),
        redis(platform.folder / "replica", platform.authority, copy_of=platform.redis) as replica,
        _workers(chaos),
    ):
        platform.redis.replicate_to(replica)
        began = time.monotonic()
        runs = [bench.start(before)]
        _until_done(chaos, runs, before // 2)
        _rotate(chaos, replica)
        _until_done(chaos, runs, before - _LEFT_AT_FAILOVER)
        runs.append(_fail_over(chaos, replica, late))
        runs.append(bench.start(jobs - before - late))
        _until_done(chaos, runs, jobs)
        took = time.monotonic() - began
    return _evidence(bench, runs, jobs, took, chaos)


@contextmanager
def _workers(chaos: Chaos) -> Iterator[None]:
    for _ in range(WORKERS):
        chaos.start_worker()
    try:
        for worker, _ in chaos.workers:
            program.ready(worker, seconds=START_SECONDS)
        yield
    finally:
        for _, stack in chaos.workers + chaos.ending:
            stack.close()


def _until_done(chaos: Chaos, runs: list[str], wanted: int) -> None:
    """End a worker at random moments until so many jobs are done."""
    progress = (time.monotonic(), -1)
    while (done := _done(chaos.bench, runs)) < wanted:
        if done > progress[1]:
            progress = (time.monotonic(), done)
        elif time.monotonic() - progress[0] > _QUIET_SECONDS:
            states = [dict(chaos.bench.api.jobs(each).states) for each in runs]
            raise BrokenError(f"for {_QUIET_SECONDS} s no job ended; the jobs are {states}")
        time.sleep(chaos.chance.uniform(*_PAUSE_SECONDS))
        chaos.close_ended()
        # A Deployment replaces a worker once the one before runs, so that some always work.
        if all(worker.is_ready for worker, _ in chaos.workers):
            chaos.end_a_worker()


def _times(bench: Bench) -> dict[str, str]:
    """The longest times of calls and jobs, scaled less."""
    scale = Scale(min(bench.platform.scale.factor, _FACTOR))
    longest = ("JOB_MAX_SECONDS", "JOB_VISIBILITY_TIMEOUT_SECONDS", "LLM_TIMEOUT_SECONDS")
    rendered = bench.platform.worker.variables
    return scale.variables({name: rendered[name] for name in longest})


def _rotate(chaos: Chaos, replica: Redis) -> None:
    platform = chaos.bench.platform
    password = f"rotated-{chaos.chance.randrange(2**32)}"
    platform.redis.rotate(password)
    replica.rotate(password)
    time.sleep(_FILE_LATER_SECONDS)
    platform.rotated(Secret.REDIS_USER, password)
    chaos.event("the queue's password was rotated")


def _fail_over(chaos: Chaos, replica: Redis, late: int) -> str:
    """Cut replication, push jobs, and let the replica take over without them."""
    bench, platform = chaos.bench, chaos.bench.platform
    replica.command("REPLICAOF", "NO", "ONE")
    run = bench.start(late)
    deadline = time.monotonic() + 30
    while bench.api.jobs(run).states.get("recorded", 0) and time.monotonic() < deadline:
        time.sleep(0.05)
    platform.redis.fail_over_to(replica)
    platform.redis, promoted = replica, time.monotonic()
    jobs = bench.api.jobs(run)
    taken = jobs.done + jobs.failed + jobs.running  # before the failover
    require(taken < late, f"the workers took all {late} jobs before the failover; run more --jobs")
    chaos.event(f"the queue failed over without the pushes of {late - taken} jobs")
    while (jobs := bench.api.jobs(run)).done + jobs.failed <= taken:
        if time.monotonic() - promoted > _QUIET_SECONDS:
            raise BrokenError(f"for {_QUIET_SECONDS} s after the failover no lost job ended")
        time.sleep(0.1)
    chaos.recovery_seconds = time.monotonic() - promoted
    chaos.event(f"the first of these jobs ended {chaos.recovery_seconds:.1f} s later")
    return run


def _done(bench: Bench, runs: list[str]) -> int:
    """How many jobs are done; the provider refuses no call, so none may fail."""
    found = [bench.api.jobs(run) for run in runs]
    failed = sum(jobs.failed for jobs in found)
    require(not failed, f"{failed} jobs failed; GET /test-runs/{runs[0]} has their number")
    return sum(jobs.done for jobs in found)


def _evidence(bench: Bench, runs: list[str], jobs: int, took: float, chaos: Chaos) -> str:
    listed = ", ".join(f"'{run}'" for run in runs)
    rows = bench.platform.clickhouse.rows(
        "SELECT case_id, metric, count() AS times FROM evaluation_results"
        f" WHERE run_id IN ({listed}) GROUP BY run_id, case_id, metric"
    )
    metrics = {str(row["metric"]) for row in rows}
    found = Counter(str(row["metric"]) for row in rows)
    twice = sum(str(row["times"]) != "1" for row in rows)
    lost = sum(jobs - count for count in found.values()) if metrics else jobs
    ran = Counter(
        number
        for call in bench.platform.provider.made()
        if judge_rules.schema(call.request.prompt) == "Truths"
        for number in set(re.findall(api.FACT, call.request.prompt))
    )
    again = sum(times > 1 for times in ran.values())
    summary = (
        f"{jobs} jobs, lost {lost}, results twice {twice}; {again} ran more than once "
        f"({100 * again / jobs:.1f} %); {chaos.ends['SIGTERM']} SIGTERM, {chaos.ends['SIGKILL']} SIGKILL; "
        f"{jobs / took:.1f} jobs/s; the first lost push was recovered after {chaos.recovery_seconds:.1f} s"
    )
    if lost or twice or not metrics:
        raise BrokenError(summary)
    return summary
