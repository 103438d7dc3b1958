"""The orchestrator's background work: migrations first, then the queue, finished runs and the oldest job."""

import logging
import threading
import time
from typing import Self

import psycopg
import psycopg_pool
import redis
import sqlalchemy.exc
from kombu.exceptions import OperationalError

from workload.database import Connection, connection_pool, migrate
from workload.orchestrator import metrics, queueing, runs
from workload.queue import celery_app, redis_client
from workload.settings import OrchestratorSettings, read_secret

_CONNECTIONS = 4
_PAUSE_SECONDS = 1
_RECONCILE_SECONDS = 10
# A look reads the whole queue: it takes at most this share of the time.
_RECONCILE_SHARE = 0.05

_STORE_ERRORS = (
    OSError,
    psycopg.OperationalError,
    psycopg_pool.PoolTimeout,
    redis.RedisError,
    sqlalchemy.exc.OperationalError,
    OperationalError,
)


class Keeper:
    """Runs in a thread, and goes on after each failure of a store."""

    def __init__(self, settings: OrchestratorSettings) -> None:
        self._settings = settings
        self.pool = connection_pool(settings.postgres_url_file, connections=_CONNECTIONS)
        self._redis = redis_client(settings)
        self._celery = celery_app(settings)
        self._migrated = threading.Event()
        self._wake = threading.Event()
        self._stopping = False
        self._next_reconcile = 0.0
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping = True
        self.wake()
        self._thread.join(timeout=5)  # a store may not answer; what is not committed is done again
        self.pool.close()

    def wake(self) -> None:
        """New jobs are recorded: queue them now."""
        self._wake.set()

    def problems(self) -> list[str]:
        """What keeps the API from its work, without secrets: drivers' messages may quote a URL."""
        found = []
        try:
            if not read_secret(self._settings.api_token_file):
                found.append("the API's token: the file is empty")
        except OSError:
            found.append("the API's token: the file cannot be read")
        if not self._migrated.is_set():
            found.append("PostgreSQL: the tables are not up to date yet")
        else:
            try:
                with self.pool.connection(timeout=2) as connection:
                    connection.execute("SELECT 1")
            except _STORE_ERRORS as error:
                found.append(f"PostgreSQL: {type(error).__name__}")
        try:
            self._redis.ping()
        except _STORE_ERRORS as error:
            found.append(f"the queue: {type(error).__name__}")
        return found

    def _run(self) -> None:
        while not self._stopping:
            more = False
            try:
                if not self._migrated.is_set():
                    migrate(self._settings.postgres_url_file)
                    self._migrated.set()
                more = self._step()
            except _STORE_ERRORS as error:
                logging.warning("%s: %s", type(error).__name__, error)
            except Exception:
                logging.exception("The background work failed; it goes on.")
            if not more:
                self._wake.wait(_PAUSE_SECONDS)
                self._wake.clear()

    def _step(self) -> bool:
        """One round; whether more jobs wait to be queued."""
        with self.pool.connection() as connection:
            for outcome in runs.finish(connection):
                metrics.TEST_RUNS.labels(outcome).inc()
            metrics.job_waits_since(runs.waiting_since(connection))
            published = queueing.publish(connection, self._celery)
            if time.monotonic() >= self._next_reconcile:
                self._reconcile(connection)
        return published > 0

    def _reconcile(self, connection: Connection) -> None:
        started = time.monotonic()
        if lost := queueing.reconcile(connection, self._redis, self._settings):
            logging.warning("The queue lost %s jobs; they are queued again.", len(lost))
        ended = time.monotonic()
        pause = max(_RECONCILE_SECONDS, (ended - started) / _RECONCILE_SHARE)
        self._next_reconcile = ended + pause
