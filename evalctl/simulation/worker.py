"""A simulated worker: takes jobs, calls the provider, and returns at SIGTERM what it cannot finish."""

from collections.abc import Generator
from dataclasses import dataclass, field
from random import Random

import simpy
from simpy.resources.store import PriorityItem

from evalctl.simulation.assumptions import Assumptions
from evalctl.simulation.provider import CallRules, Provider, Share

Steps = Generator[simpy.Event, object, None]


@dataclass
class Job:
    """One case that is scored."""

    arrived: float
    started: float | None = None
    runs: int = 0


@dataclass
class Work:
    """The queue and what became of its jobs; a job that returns to the queue is again the first."""

    clock: simpy.Environment
    queue: simpy.PriorityStore = field(init=False)
    done: int = 0
    last_done: float = 0.0
    longest_wait: float = 0.0
    failed: int = 0

    def __post_init__(self) -> None:
        self.queue = simpy.PriorityStore(self.clock)

    @property
    def waiting(self) -> int:
        return len(self.queue.items)

    def put(self, number: int, job: Job) -> None:
        self.queue.put(PriorityItem(number, job))


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What all workers share."""

    clock: simpy.Environment
    random: Random
    work: Work
    provider: Provider
    rules: CallRules
    assumed: Assumptions
    job_concurrency: int
    drain_seconds: float

    def about(self, mean: float) -> float:
        """A random time with this mean."""
        spread = self.assumed.spread
        return mean * self.random.lognormvariate(-(spread**2) / 2, spread)


class Worker:
    """The program in a pod, from its start to its end."""

    def __init__(self, around: Surroundings) -> None:
        self.busy = 0
        self._around = around
        self._share = Share(around.rules)
        self._calls = simpy.Resource(around.clock, around.rules.concurrency)
        self._draining = False
        self._idle: set[simpy.Process] = set()
        self._running: set[simpy.Process] = set()
        self._slots = [around.clock.process(self._slot()) for _ in range(around.job_concurrency)]

    def stop(self) -> Steps:
        """SIGTERM: no further job; what is not done after the drain goes back to the queue."""
        self._draining = True
        for slot in tuple(self._idle):
            slot.interrupt()
        clock = self._around.clock
        yield clock.all_of(self._slots) | clock.timeout(self._around.drain_seconds)
        for slot in tuple(self._running):
            slot.interrupt()
        yield clock.all_of(self._slots)

    def _slot(self) -> Steps:
        clock, queue = self._around.clock, self._around.work.queue
        me = clock.active_process
        assert me is not None
        while not self._draining:
            request = queue.get()
            self._idle.add(me)
            try:
                item = yield request
            except simpy.Interrupt:
                if request.triggered:
                    queue.put(request.value)
                else:
                    request.cancel()
                return
            finally:
                self._idle.discard(me)
            assert isinstance(item, PriorityItem)
            self._running.add(me)
            self.busy += 1
            try:
                yield from self._run(item.item)
            except simpy.Interrupt:
                queue.put(item)
                return
            finally:
                self.busy -= 1
                self._running.discard(me)

    def _run(self, job: Job) -> Steps:
        around = self._around
        clock, work = around.clock, around.work
        job.runs += 1
        if job.started is None:
            job.started = clock.now
            work.longest_wait = max(work.longest_wait, clock.now - job.arrived)
        yield clock.timeout(around.about(around.assumed.agent_seconds))
        succeeded = True
        for _ in range(around.assumed.calls_per_job):
            succeeded = yield from self._call()
            if not succeeded:
                break
        work.done += 1
        work.failed += not succeeded
        work.last_done = clock.now

    def _call(self) -> Generator[simpy.Event, object, bool]:
        """One call with its retries: whether it succeeded at last."""
        around = self._around
        clock, assumed, rules = around.clock, around.assumed, around.rules
        for attempt in range(1, rules.max_attempts + 1):
            with self._calls.request() as allowed:
                yield allowed
                wait = self._share.wait(clock.now, assumed.tokens_per_call)
                if wait > 0:
                    yield clock.timeout(wait)
                pause = around.provider.retry_after(clock.now, assumed.tokens_per_call)
                if pause == 0:
                    yield clock.timeout(around.about(assumed.call_seconds))
                    if around.random.random() >= assumed.failed_calls:
                        return True
                    pause = rules.backoff(attempt, around.random)
            if attempt < rules.max_attempts:
                yield clock.timeout(pause)
        return False
