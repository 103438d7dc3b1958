"""The reference with one line of the contract broken: what tests of `evalctl conformance` run.

Usage: python -m tests.workload.variants orchestrator|worker VARIANT
A variant is named after the check that has to fail, and only that one.
"""

import importlib
import os
import runpy
import sys
import time
from collections.abc import Callable
from functools import cache
from typing import Any

from tests.workload import worker_variants
from tests.workload.patching import module
from tests.workload.variants_of_both import BOTH

Patch = Callable[[], None]


def metrics_always_present() -> None:
    """The gauge appears with its first job."""
    from prometheus_client import REGISTRY

    metrics = module("orchestrator.metrics")

    gauge, waits = metrics._OLDEST_JOB_AGE, metrics.job_waits_since
    REGISTRY.unregister(gauge)
    registered = False

    def job_waits_since(timestamp: float | None) -> None:
        nonlocal registered
        if timestamp is not None and not registered:
            REGISTRY.register(gauge)
            registered = True
        waits(timestamp)

    metrics.job_waits_since = job_waits_since


def metrics_as_declared() -> None:
    """A label has another name."""
    from prometheus_client import REGISTRY, Histogram

    metrics = module("orchestrator.metrics")

    REGISTRY.unregister(metrics.REQUEST_DURATION)
    metrics.REQUEST_DURATION = Histogram(
        "http_server_request_duration_seconds",
        "Response time of the API",
        ("method", "http_route", "http_response_status_code"),
    )


def test_runs_are_counted() -> None:
    """Each run is counted twice."""
    runs = module("orchestrator.runs")

    finish = runs.finish
    runs.finish = lambda connection: 2 * finish(connection)


def oldest_job_age() -> None:
    """The age is of a job that never waits."""
    metrics = module("orchestrator.metrics")

    metrics.job_waits_since = lambda timestamp: metrics._OLDEST_JOB_AGE.set(0)


def token_is_required() -> None:
    """Any token will do."""
    middleware = module("orchestrator.middleware")

    middleware.requires_token = lambda file: lambda: None


def rotated_token() -> None:
    middleware = module("orchestrator.middleware")

    middleware.read_secret = cache(middleware.read_secret)


def idempotency_key() -> None:
    """The key is ignored."""
    runs = module("orchestrator.runs")

    record = runs.record
    runs.record = lambda connection, run, cases, key: record(connection, run, cases, None)


def size_limit() -> None:
    middleware = module("orchestrator.middleware")

    middleware.MOST_MIB = 1_000


def invalid_requests() -> None:
    """An invalid request is accepted and forgotten."""
    from fastapi.exceptions import RequestValidationError
    from fastapi.responses import JSONResponse

    def accept(app: Any) -> Any:
        app.add_exception_handler(RequestValidationError, lambda *_: JSONResponse({}, 202))
        return app

    _wrap_application(accept)


def dataset_in_the_bucket() -> None:
    """The last line is not read."""
    datasets = module("orchestrator.datasets")

    cases = datasets.cases
    datasets.cases = lambda s3, bucket, run: run.cases or cases(s3, bucket, run)[:-1]


def cancelled_run() -> None:
    runs = module("orchestrator.runs")

    runs.cancel = lambda connection, run_id: None


def recorded_before_queued() -> None:
    """A run is refused while the queue is down."""
    import psycopg

    runs = module("orchestrator.runs")
    from workload.queue import redis_client
    from workload.settings import OrchestratorSettings

    record = runs.record

    def queue_first(*arguments: Any) -> Any:
        try:
            redis_client(OrchestratorSettings()).ping()
        except Exception:
            raise psycopg.OperationalError("the queue is down") from None
        return record(*arguments)

    runs.record = queue_first


def reconciler() -> None:
    queueing = module("orchestrator.queueing")

    queueing.reconcile = lambda *_: 0


def migration_by_one() -> None:
    """Each copy has a lock of its own, and the migration takes a while."""
    op: Any = importlib.import_module("alembic.op")
    database = module("database")

    execute = op.execute

    def slow(sql: str) -> None:
        time.sleep(5)
        execute(sql)

    op.execute = slow
    database._MIGRATION_LOCK = os.getpid()


def keep_alive() -> None:
    import uvicorn

    run = uvicorn.run
    uvicorn.run = lambda *arguments, **settings: run(
        *arguments, **(settings | {"timeout_keep_alive": 0.3})
    )


def orchestrator_ends_clean() -> None:
    """SIGTERM ends it at once."""
    uvicorn: Any = importlib.import_module("uvicorn")

    def end(*_: object) -> None:
        os._exit(0)

    uvicorn.Server.handle_exit = end


def alive_without_stores() -> None:
    """Liveness checks the stores too."""
    keeper = module("orchestrator.keeper")

    kept: list[Any] = []
    enter = keeper.Keeper.__enter__

    def remember(self: Any) -> Any:
        kept.append(self)
        return enter(self)

    keeper.Keeper.__enter__ = remember

    _healthz_fails_while(lambda: bool(kept[0].problems()))


def ready() -> None:
    """Liveness begins with the first run."""
    runs = module("orchestrator.runs")

    record, recorded = runs.record, False

    def first(*arguments: Any) -> Any:
        nonlocal recorded
        recorded = True
        return record(*arguments)

    runs.record = first
    _healthz_fails_while(lambda: not recorded)


def _healthz_fails_while(failing: Callable[[], bool]) -> None:
    from starlette.responses import Response

    class Failing:
        def __init__(self, app: Any) -> None:
            self._app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http" and scope["path"] == "/healthz" and failing():
                await Response(status_code=500)(scope, receive, send)
            else:
                await self._app(scope, receive, send)

    _wrap_application(Failing)


def _wrap_application(wrap: Callable[[Any], Any]) -> None:
    api = module("orchestrator.api")

    application = api.application
    api.application = lambda *arguments: wrap(application(*arguments))


ORCHESTRATOR: tuple[Patch, ...] = (
    metrics_always_present,
    ready,
    metrics_as_declared,
    test_runs_are_counted,
    oldest_job_age,
    token_is_required,
    rotated_token,
    idempotency_key,
    size_limit,
    invalid_requests,
    dataset_in_the_bucket,
    cancelled_run,
    recorded_before_queued,
    reconciler,
    migration_by_one,
    keep_alive,
    orchestrator_ends_clean,
    alive_without_stores,
    *BOTH,
)


# By the program's name and the check's id.
VARIANTS: dict[str, dict[str, Patch]] = {
    program: {patch.__name__.replace("_", "-"): patch for patch in patches}
    for program, patches in (("orchestrator", ORCHESTRATOR), ("worker", worker_variants.WORKER))
}


def main(program: str, variant: str) -> None:
    """Break the line, then run the reference."""
    VARIANTS[program][variant]()
    sys.argv = [program]
    runpy.run_module(f"workload.{program}", run_name="__main__")


if __name__ == "__main__":
    main(*sys.argv[1:])
