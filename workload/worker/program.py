"""The worker's process: Celery takes jobs from the queue, and one event loop runs them all.

The pool is Celery's threads, and a thread only waits for its job: all jobs share the limits of LLM calls,
and one that takes too long can be cancelled, which a thread cannot.

**SIGTERM.** Celery's soft shutdown is not used. It sleeps in the main thread for its whole timeout, also
after the last job has ended; meanwhile no message is acknowledged (celery/worker/worker.py,
`wait_for_soft_shutdown`). Here the main loop goes on: no further job is taken, the worker ends when its jobs
have ended, and what is not done after DRAIN_SECONDS goes back to the head of the queue.
"""

import asyncio
import logging
import threading
import time
from concurrent.futures import CancelledError
from functools import partial
from types import FrameType
from typing import Any
from uuid import UUID

from celery import bootsteps, platforms, signals
from celery.exceptions import Reject
from celery.worker import state
from kombu.transport import redis as kombu_redis
from kombu.transport import virtual

from workload.database import Pool
from workload.queue import TASK, celery_app
from workload.settings import WorkerSettings
from workload.worker import metrics
from workload.worker.claims import ClaimLostError, Job
from workload.worker.health import Health
from workload.worker.job import JobRunner
from workload.worker.stores import Stores

_POLL_SECONDS = 0.1
# After DRAIN_SECONDS: calls that were cancelled are written, and claims and messages go back.
_RETURN_SECONDS = 8
# kombu's 300 would delay the restoring of jobs if a worker dies while it does that.
_MUTEX_SECONDS = 30


class _Head(kombu_redis.QoS):
    """Puts a rejected message back to the head of its queue; kombu puts it to the end."""

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        if not requeue:
            super().reject(delivery_tag)
            return
        self.restore_by_tag(delivery_tag)
        virtual.QoS.ack(self, delivery_tag)


kombu_redis.Channel.QoS = _Head


class Program:
    """A worker until it ends."""

    def __init__(
        self, settings: WorkerSettings, *, pool: Pool, stores: Stores, health: Health
    ) -> None:
        self._settings, self._pool, self._stores, self._health = settings, pool, stores, health
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="jobs", daemon=True).start()
        self._running: set[asyncio.Task[None]] = set()
        self._runner: JobRunner

    def run(self, runner: JobRunner) -> int:
        """Returns the exit status after SIGTERM."""
        self._runner = runner
        app = self._celery()

        @app.task(name=TASK, acks_late=True, reject_on_worker_lost=True)  # type: ignore[untyped-decorator]
        def evaluate(id_: str) -> None:
            self._evaluate(id_)

        app.steps["consumer"].add(_beat(self._health))
        worker = app.Worker(
            pool="threads",
            concurrency=self._settings.job_concurrency,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
            loglevel="INFO",
        )

        def on_sigterm(_: int, __: FrameType | None) -> None:
            if not self._health.draining:
                self._health.draining = True
                threading.Thread(target=self._drain, args=[worker], name="drain").start()

        # Celery installs its own handlers when the worker starts.
        @signals.worker_ready.connect(weak=False)
        def ready(**_: object) -> None:
            platforms.signals["SIGTERM"] = on_sigterm

        worker.start()
        return int(worker.exitcode or 0)

    @property
    def _claim_seconds(self) -> float:
        """Longer than a job, and it expires before the job is seen again."""
        settings = self._settings
        return (settings.job_max_seconds + settings.job_visibility_timeout_seconds) / 2

    def _celery(self) -> Any:
        visibility = self._settings.job_visibility_timeout_seconds
        app = celery_app(
            self._settings,
            visibility_timeout=visibility,
            unacked_restore_interval=max(1, min(10, round(visibility / 20))),
            unacked_restore_throttle=1,
            unacked_mutex_expire=_MUTEX_SECONDS,
        )
        app.conf.update(
            worker_disable_prefetch=True,
            worker_prefetch_multiplier=1,
            worker_cancel_long_running_tasks_on_connection_loss=False,
            worker_hijack_root_logger=False,
            worker_redirect_stdouts=False,
        )
        return app

    def _evaluate(self, id_: str) -> None:
        """The task: in a thread of the pool, until the job has ended or goes back to the queue."""
        try:
            job = self._stores.use(
                partial(Job.claimed, self._pool, UUID(id_), seconds=self._claim_seconds)
            )
            if job is not None:
                self._run(job)
        except ClaimLostError as error:
            logging.warning("%s", error)
        except Exception as error:
            if not self._stores.given_up.is_set():
                raise
            raise Reject(f"job {id_} goes back: {error}", requeue=True) from error

    def _run(self, job: Job) -> None:
        if job.crashed:
            metrics.JOBS.labels("crashed").inc()
        started = time.monotonic()
        with metrics.JOBS_IN_PROGRESS.track_inprogress():
            try:
                error = self._error(job)
            except CancelledError:
                self._stores.use(partial(job.release, self._pool))
                raise Reject(f"job {job.id} goes back to the queue", requeue=True) from None
            self._stores.use(partial(job.finish, self._pool, error=error))
        outcome = "succeeded" if error is None else "failed"
        metrics.JOBS.labels(outcome).inc()
        metrics.JOB_DURATION.labels(outcome).observe(time.monotonic() - started)

    def _error(self, job: Job) -> str | None:
        """Runs the job in the event loop; why it failed, if it did."""
        try:
            asyncio.run_coroutine_threadsafe(self._watched(job), self._loop).result()
        except ClaimLostError:
            raise
        except TimeoutError:
            return f"the job took longer than {self._settings.job_max_seconds:g} s"
        except Exception as error:
            if self._stores.given_up.is_set():
                raise CancelledError from error
            logging.warning("job %s failed: %s", job.id, error)
            return f"{type(error).__name__}: {error}"
        return None

    async def _watched(self, job: Job) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        try:
            await self._runner.run(job)
        finally:
            self._running.discard(task)

    def _drain(self, worker: Any) -> None:
        consumer = worker.consumer
        if consumer.task_consumer is not None:
            consumer.call_soon(consumer.task_consumer.cancel)
        if not _ended(self._settings.drain_seconds):
            logging.warning("%s jobs go back to the queue", len(state.reserved_requests))
            self._stores.given_up.set()
            self._loop.call_soon_threadsafe(self._cancel)
            _ended(_RETURN_SECONDS)
        self._stores.given_up.set()
        state.should_stop = 0  # type: ignore[assignment]  # the exit status

    def _cancel(self) -> None:
        for task in self._running:
            task.cancel()


def _ended(seconds: float) -> bool:
    """Whether all jobs end within this time."""
    deadline = time.monotonic() + seconds
    while state.reserved_requests and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    return not state.reserved_requests


def _beat(health: Health) -> type[bootsteps.StartStopStep]:
    class Beat(bootsteps.StartStopStep):
        """The main loop beats while it is connected to the queue."""

        requires = ("celery.worker.consumer.tasks:Tasks",)

        def start(self, consumer: Any) -> None:
            health.beat()
            consumer.timer.call_repeatedly(1.0, health.beat)

        def stop(self, consumer: Any) -> None:
            health.disconnected()

    return Beat
