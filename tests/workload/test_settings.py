"""What is derived from the variables."""

import pytest
from pydantic import ValidationError

from tests.workload.worker.conftest import SETTINGS
from workload.settings import Settings, WorkerSettings

VARIABLES = {
    "ENVIRONMENT": "test",
    "POSTGRES_URL_FILE": "/etc/eval-platform/postgres/url",
    "REDIS_URL_FILE": "/etc/eval-platform/redis/url",
    "REDIS_QUEUE_KEY": "eval:jobs",
    "CLICKHOUSE_URL_FILE": "/etc/eval-platform/clickhouse/url",
    "CLICKHOUSE_CA_FILE": "/etc/eval-platform/clickhouse/ca.crt",
    "REPORTS_BUCKET": "reports",
    "LISTEN_ADDRESS": "127.0.0.1",
    "METRICS_PORT": "9090",
    "AWS_REGION": "eu-north-1",
}


@pytest.fixture(autouse=True)
def variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(
    ("key", "prefix", "name"),
    [("eval:jobs", "eval:", "jobs"), ("eval:pr-7:jobs", "eval:pr-7:", "jobs")],
)
def test_the_prefix_of_all_keys_is_the_queues_key_without_its_name(
    key: str, prefix: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_QUEUE_KEY", key)
    settings = Settings()
    assert (settings.queue_prefix, settings.queue_name) == (prefix, name)


def test_a_jitter_that_the_worker_does_not_have_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    assert WorkerSettings().llm_backoff_jitter == "full"
    monkeypatch.setenv("LLM_BACKOFF_JITTER", "none")
    with pytest.raises(ValidationError, match="llm_backoff_jitter"):
        WorkerSettings()
