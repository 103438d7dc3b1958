"""The orchestrator's metrics, under the names of telemetry/contract.py."""

import time

from prometheus_client import Counter, Gauge, Histogram

TEST_RUNS = Counter("eval_test_runs", "Test runs that ended", ("outcome",))
for _outcome in ("succeeded", "failed"):
    TEST_RUNS.labels(_outcome)  # 0 from the start
_OLDEST_JOB_AGE = Gauge(
    "eval_queue_oldest_job_age_seconds", "How long the job that waits longest has waited"
)
REQUEST_DURATION = Histogram(
    "http_server_request_duration_seconds",
    "Response time of the API",
    ("http_request_method", "http_route", "http_response_status_code"),
)


def job_waits_since(timestamp: float | None) -> None:
    """The age grows by itself, also while the database does not answer."""
    _OLDEST_JOB_AGE.set_function(
        lambda: 0.0 if timestamp is None else max(0.0, time.time() - timestamp)
    )
