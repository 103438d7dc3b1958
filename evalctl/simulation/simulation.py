"""A burst of jobs, from its arrival until the workers are back at their minimum."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

import simpy

from evalctl.simulation.assumptions import Assumptions
from evalctl.simulation.autoscaler import SYNC_SECONDS, Autoscaler, Observed
from evalctl.simulation.node_pool import NodePool, State
from evalctl.simulation.prices import spot_usd_per_hour
from evalctl.simulation.provider import Provider
from evalctl.simulation.settings import Settings
from evalctl.simulation.worker import Job, Steps, Surroundings, Work

_SCAN_SECONDS = 10  # cluster-autoscaler's own default, and how often the end is looked for
# Before the burst, so that the autoscaler knows the minimum.
_QUIET_SECONDS = 60
_MOST_SECONDS = 60 * 24 * 3600

Points = list[tuple[float, int]]


@dataclass(frozen=True, kw_only=True)
class Burst:
    """So many jobs, spread evenly over a time; 0 seconds: all at once."""

    jobs: int
    over_seconds: float = 0.0
    seed: int = 1


@dataclass(kw_only=True)
class Outcome:
    """What became of a burst; seconds count from its beginning."""

    drained_seconds: float = 0.0
    longest_wait_seconds: float = 0.0
    at_maximum_seconds: float | None = None  # from when on the most workers ran
    back_seconds: float = 0.0  # until workers and nodes were at their minimum again
    most_workers: int = 0
    most_nodes: int = 0
    reclaimed_nodes: int = 0
    jobs_run_twice: int = 0
    jobs_failed: int = 0
    calls_refused: int = 0
    usd: float | None = None  # of the spot nodes, until everything is back
    waiting: Points = field(default_factory=list)
    workers: Points = field(default_factory=list)  # that are ready


class NotDrainedError(Exception):
    """Jobs were not done after two months."""


def without_queue(settings: Settings) -> Settings:
    """The same environment, with an autoscaler that reads CPU only."""
    spec = dataclasses.replace(settings.autoscaler, unfinished_jobs_per_replica=None)
    return dataclasses.replace(settings, autoscaler=spec)


def simulate(
    settings: Settings,
    burst: Burst,
    *,
    assumed: Assumptions,
    progress: Callable[[int], None] = lambda _: None,
) -> Outcome:
    """Run one burst; `progress` gets the number of jobs that are done.

    Raises:
        NotDrainedError: the workers cannot drain the queue.
    """
    return _Run(settings, burst, assumed).outcome(progress)


class _Run:
    def __init__(self, settings: Settings, burst: Burst, assumed: Assumptions) -> None:
        self._settings, self._burst, self._assumed = settings, burst, assumed
        self._clock = simpy.Environment()
        self._work = Work(self._clock)
        calls = settings.names.env.worker.llm_calls
        self._provider = Provider(
            requests_per_minute=calls.provider_requests_per_minute,
            tokens_per_minute=calls.provider_tokens_per_minute,
        )
        around = Surroundings(
            clock=self._clock,
            random=Random(burst.seed),
            work=self._work,
            provider=self._provider,
            rules=settings.rules,
            assumed=assumed,
            job_concurrency=settings.job_concurrency,
            drain_seconds=settings.drain_seconds,
        )
        self._random = around.random
        self._pool = NodePool(around, settings.pool)
        self._jobs = [Job(arrived=self._arrival(number)) for number in range(burst.jobs)]
        self._scraped = 0  # the queue's length, as Prometheus read it last
        self._outcome = Outcome()

    def outcome(self, progress: Callable[[int], None]) -> Outcome:
        minimum, group = self._settings.autoscaler.min_replicas, self._settings.pool.group
        self._pool.start(max(group.min_size, -(-minimum // self._settings.pool.workers_on_a_node)))
        self._pool.scale(minimum)
        clock = self._clock
        for part in (
            self._arrive(),
            self._scrape(),
            self._autoscale(),
            self._scan(),
            self._pool.reclaim(),
        ):
            clock.process(part)
        smallest = self._pool.size
        while not self._ended(minimum, smallest):
            if clock.now > _MOST_SECONDS:
                raise NotDrainedError(
                    f"{self._burst.jobs - self._work.done} of {self._burst.jobs} jobs were not done after {_MOST_SECONDS // 86_400} days"
                )
            clock.run(clock.now + _SCAN_SECONDS)
            progress(self._work.done)
        self._pool.finish()
        return self._counted()

    def _ended(self, minimum: int, nodes: int) -> bool:
        return (
            self._work.done == self._burst.jobs
            and len(self._pool.pods) == minimum
            and self._pool.size <= nodes
        )

    def _arrival(self, number: int) -> float:
        return _QUIET_SECONDS + self._burst.over_seconds * number / self._burst.jobs

    def _arrive(self) -> Steps:
        for number, job in enumerate(self._jobs):
            if job.arrived > self._clock.now:
                yield self._clock.timeout(job.arrived - self._clock.now)
            self._work.put(number, job)

    def _scrape(self) -> Steps:
        yield self._clock.timeout(self._random.uniform(0, self._settings.scrape_seconds))
        while True:
            self._scraped = self._work.waiting
            if self._settings.count_running:
                self._scraped += sum(pod.worker.busy for pod in self._pool.pods if pod.worker)
            yield self._clock.timeout(self._settings.scrape_seconds)

    def _autoscale(self) -> Steps:
        autoscaler = Autoscaler(self._settings.autoscaler)
        yield self._clock.timeout(self._random.uniform(0, SYNC_SECONDS))
        while True:
            observed = self._observed()
            wanted = autoscaler.decide(self._clock.now, observed)
            if wanted != observed.replicas:
                self._pool.scale(wanted)
            yield self._clock.timeout(SYNC_SECONDS)

    def _observed(self) -> Observed:
        assumed, request = self._assumed, self._settings.cpu_request_millicores
        pods = self._pool.running
        return Observed(
            replicas=len(pods),
            waiting_jobs=self._scraped,
            cpu_percent=[
                100
                * (assumed.cpu_millicores_idle + assumed.cpu_millicores_per_job * pod.worker.busy)
                / request
                for pod in pods
                if pod.worker is not None
            ],
            unready=sum(pod.worker is None for pod in pods),
        )

    def _scan(self) -> Steps:
        outcome, clock = self._outcome, self._clock
        while True:
            self._pool.add_nodes()
            self._pool.remove_nodes()
            ready = sum(pod.state is State.READY for pod in self._pool.pods)
            if clock.now >= _QUIET_SECONDS:
                if ready > outcome.most_workers:
                    outcome.most_workers = ready
                    outcome.at_maximum_seconds = clock.now - _QUIET_SECONDS
                _add(outcome.workers, clock.now - _QUIET_SECONDS, ready)
                _add(outcome.waiting, clock.now - _QUIET_SECONDS, self._work.waiting)
            yield clock.timeout(_SCAN_SECONDS)

    def _counted(self) -> Outcome:
        price = spot_usd_per_hour(self._settings.pool.group.instance_types[0])
        return dataclasses.replace(
            self._outcome,
            drained_seconds=self._work.last_done - _QUIET_SECONDS,
            longest_wait_seconds=self._work.longest_wait,
            back_seconds=self._clock.now - _QUIET_SECONDS,
            most_nodes=self._pool.most_nodes,
            reclaimed_nodes=self._pool.reclaimed,
            jobs_run_twice=sum(job.runs > 1 for job in self._jobs),
            jobs_failed=self._work.failed,
            calls_refused=self._provider.refused,
            usd=None if price is None else price * self._pool.node_seconds / 3600,
        )


def _add(points: Points, seconds: float, value: int) -> None:
    if not points or points[-1][1] != value:
        points.append((seconds, value))
