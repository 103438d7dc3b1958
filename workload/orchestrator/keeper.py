"""The orchestrator's background work: migrations first, then the queue, finished runs and the oldest job."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Self

from workload.database import connection_pool, migrate
from workload.orchestrator import metrics, queueing, runs
from workload.queue import celery_app, redis_client
from workload.settings import OrchestratorSettings, read_secret

_CONNECTIONS = 4
_PAUSE_SECONDS = 1
_RECONCILE_SECONDS = 10
# A look reads the whole queue: it takes at most this share of the time.
_RECONCILE_SHARE = 0.05


class Keeper:
    """Runs in a thread, and goes on after each failure of a store."""

    def __init__(self, settings: OrchestratorSettings) -> None:
        self._settings = settings
        self.pool = connection_pool(settings.postgres_url_file, connections=_CONNECTIONS)
        self._redis = redis_client(settings)
        self._celery = celery_app(settings)
        self._migrated = False
        self._stopping = threading.Event()
        self._next_reconcile = 0.0
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join(timeout=5)  # a store may not answer; what is not committed is done again
        self.pool.close()

    def problems(self) -> list[str]:
        """What keeps the API from its work, without secrets: drivers' messages may quote a URL."""
        checks: dict[str, Callable[[], object]] = {
            "the API's token": lambda: read_secret(self._settings.api_token_file),
            "PostgreSQL": self._check_postgres,
            "the queue": self._redis.ping,
        }
        found = [] if self._migrated else ["PostgreSQL: the tables are not up to date yet"]
        for what, check in checks.items():
            try:
                check()
            except Exception as error:
                found.append(f"{what}: {type(error).__name__}")
        return found

    def _check_postgres(self) -> None:
        with self.pool.connection(timeout=2) as connection:
            connection.execute("SELECT 1")

    def _run(self) -> None:
        more = True
        while not self._stopping.wait(0 if more else _PAUSE_SECONDS):
            try:
                if not self._migrated:
                    migrate(self._settings.postgres_url_file)
                    self._migrated = True
                more = self._step()
            except Exception:
                more = False
                logging.warning("The background work failed; it goes on.", exc_info=True)

    def _step(self) -> bool:
        """One round; whether more jobs wait to be queued."""
        with self.pool.connection() as connection:
            for outcome in runs.finish(connection):
                metrics.TEST_RUNS.labels(outcome).inc()
            metrics.job_waits_since(runs.waiting_since(connection))
            published = queueing.publish(connection, self._celery)
            if (started := time.monotonic()) >= self._next_reconcile:
                if lost := queueing.reconcile(connection, self._redis, self._settings):
                    logging.warning("The queue lost %s jobs; they are queued again.", lost)
                took = time.monotonic() - started
                pause = max(_RECONCILE_SECONDS, took / _RECONCILE_SHARE)
                self._next_reconcile = started + took + pause
        return published > 0
