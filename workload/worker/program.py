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
from typing import Any
from uuid import UUID

from celery import bootsteps, platforms, signals
from celery.exceptions import Reject
from celery.worker import state
from kombu.transport import redis as kombu_redis
from kombu.transport import virtual

from workload.database import connection_pool
from workload.queue import TASK, celery_app
from workload.settings import WorkerSettings
from workload.worker.claims import ClaimLostError
from workload.worker.evaluation import Evaluator
from workload.worker.health import Health

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

    def __init__(self, settings: WorkerSettings, health: Health) -> None:
        self._settings, self._health = settings, health
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="jobs", daemon=True).start()

    def run(self) -> int:
        """Returns the exit status after SIGTERM."""
        visibility = self._settings.job_visibility_timeout_seconds
        app = celery_app(
            self._settings,
            visibility_timeout=visibility,
            unacked_restore_interval=max(1, min(10, round(visibility / 20))),
            unacked_restore_throttle=1,
            unacked_mutex_expire=_MUTEX_SECONDS,
        )
        app.task(name=TASK, acks_late=True, reject_on_worker_lost=True)(self._evaluate)
        app.steps["consumer"].add(_beat(self._health))
        worker = app.Worker(
            pool="threads",
            concurrency=self._settings.job_concurrency,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
            loglevel="INFO",
        )

        def on_sigterm(*_: object) -> None:
            if not self._health.draining:
                self._health.draining = True
                threading.Thread(target=self._drain, args=[worker], name="drain").start()

        # Celery installs its own handlers when the worker starts.
        @signals.worker_ready.connect(weak=False)
        def ready(**_: object) -> None:
            platforms.signals["SIGTERM"] = on_sigterm

        # A job uses a connection for moments. A pool that is not closed delays the end by five seconds.
        with connection_pool(self._settings.postgres_url_file, connections=2) as pool:
            self._evaluator = Evaluator(self._settings, pool)
            worker.start()
        return int(worker.exitcode or 0)

    def _evaluate(self, id_: str) -> None:
        """The task: in a thread of the pool, until the job has ended or goes back to the queue."""
        evaluation = self._evaluator.evaluate(UUID(id_))
        try:
            asyncio.run_coroutine_threadsafe(evaluation, self._loop).result()
        except ClaimLostError as error:
            logging.warning("%s", error)
        except CancelledError:
            raise Reject(f"job {id_} goes back to the queue", requeue=True) from None

    def _drain(self, worker: Any) -> None:
        consumer = worker.consumer
        if consumer.task_consumer is not None:
            consumer.call_soon(consumer.task_consumer.cancel)
        if not _ended(self._settings.drain_seconds):
            logging.warning("%s jobs go back to the queue", len(state.reserved_requests))
            self._loop.call_soon_threadsafe(self._evaluator.cancel)
            _ended(_RETURN_SECONDS)
        state.should_stop = 0  # type: ignore[assignment]  # the exit status


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
