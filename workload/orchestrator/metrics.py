"""The orchestrator's metrics, under the names of telemetry/contract.py."""

import time

from prometheus_client import Counter, Gauge, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

TEST_RUNS = Counter("eval_test_runs", "Test runs that ended", ("outcome",))
for _outcome in ("succeeded", "failed"):
    TEST_RUNS.labels(_outcome)  # 0 from the start
_OLDEST_JOB_AGE = Gauge(
    "eval_queue_oldest_job_age_seconds", "How long the job that waits longest has waited"
)
_REQUEST_DURATION = Histogram(
    "http_server_request_duration_seconds",
    "Response time of the API",
    ("http_request_method", "http_route", "http_response_status_code"),
)
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


def job_waits_since(timestamp: float | None) -> None:
    """The age grows by itself, also while the database does not answer."""
    _OLDEST_JOB_AGE.set_function(
        lambda: 0.0 if timestamp is None else max(0.0, time.time() - timestamp)
    )


class RequestDuration:
    """Measures each request, by its route: a path would make a series for each run."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        started, status = time.perf_counter(), 500

        async def remember_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, remember_status)
        finally:
            method = scope["method"] if scope["method"] in _METHODS else "_OTHER"
            route = getattr(scope.get("route"), "path", "")
            duration = time.perf_counter() - started
            _REQUEST_DURATION.labels(method, route, str(status)).observe(duration)
