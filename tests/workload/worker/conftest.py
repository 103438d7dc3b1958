"""A platform with ClickHouse's engine and an LLM provider, and workers on it."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from uuid import UUID, uuid4

import httpx
import pytest
from psycopg.types.json import Jsonb

from tests.workload import servers
from tests.workload.conftest import Platform
from tests.workload.servers import ROOT, Program, free_port, wait_until
from tests.workload.worker.provider import Provider, provider
from workload.database import migrate
from workload.queue import TASK, celery_app
from workload.settings import Settings

# Seconds and rates of production, divided or multiplied by about 200.
SETTINGS = {
    "JOB_CONCURRENCY": "2",
    "JOB_MAX_SECONDS": "90",
    "JOB_VISIBILITY_TIMEOUT_SECONDS": "100",
    "DRAIN_SECONDS": "2",
    "LLM_CONCURRENCY": "4",
    "LLM_REQUESTS_PER_MINUTE": "6000",
    "LLM_TOKENS_PER_MINUTE": "5000000",
    "LLM_TIMEOUT_SECONDS": "8",
    "LLM_MAX_ATTEMPTS": "3",
    "LLM_INITIAL_BACKOFF_SECONDS": "0.1",
    "LLM_MAX_BACKOFF_SECONDS": "1",
    "LLM_BACKOFF_MULTIPLIER": "2",
    "LLM_BACKOFF_JITTER": "full",
    "LLM_RESPECT_RETRY_AFTER": "true",
    "LLM_RETRY_STATUS_CODES": "408,409,429,500,502,503,504,529",
    "OPENAI_API_KEY": "test",
    "ANTHROPIC_API_KEY": "test",
}
CASE = {
    "id": "one",
    "topic": "colours",
    "question": "Which colour?",
    "context": ["The sky is blue."],
    "answer": "It is blue.",
}


@dataclass(frozen=True)
class Workers:
    """Queues jobs, starts workers, and reads what they have done."""

    platform: Platform
    variables: Mapping[str, str]
    provider: Provider
    clickhouse_url: str

    def start(self, **other: str) -> AbstractContextManager[Program]:
        return servers.program("workload.worker", {**self.variables, **other})

    def queue(self, *cases: Mapping[str, object], **columns: object) -> list[UUID]:
        """A job for each case; their ids."""
        with self.platform.database() as connection:
            run_id, jobs = uuid4(), [uuid4() for _ in cases]
            request = {
                "build": "0f3c",
                "built_at": "2026-11-01T00:00:00Z",
                "branch": "main",
                "dataset": "support@3",
                "judge": {"provider": "openai", "model": "gpt-4.1-mini"},
            }
            columns = {"id": run_id, "request_digest": b"", "run": Jsonb(request), **columns}
            connection.execute(
                f"INSERT INTO test_runs ({', '.join(columns)}) VALUES ({', '.join(['%s'] * len(columns))})",
                list(columns.values()),
            )
            for job, case in zip(jobs, cases, strict=True):
                connection.execute(
                    'INSERT INTO jobs (id, run_id, case_id, "case", state, queued_at)'
                    " VALUES (%s, %s, %s, %s, 'queued', now())",
                    [job, run_id, case["id"], Jsonb(case)],
                )
        self.send(*jobs)
        return jobs

    def send(self, *jobs: UUID) -> None:
        app = celery_app(Settings.model_validate({k.lower(): v for k, v in self.variables.items()}))
        for job in jobs:
            app.send_task(TASK, args=[str(job)], task_id=str(job))

    def states(self) -> list[str]:
        with self.platform.database() as connection:
            return [row[0] for row in connection.execute("SELECT state FROM jobs ORDER BY case_id")]

    def clickhouse(self, query: str) -> str:
        return httpx.post(
            self.clickhouse_url, content=query, auth=("eval_app", "first"), timeout=20
        ).text.strip()


@pytest.fixture(scope="session")
def clickhouse_url() -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "tests.workload.worker.clickhouse_server", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield f"http://127.0.0.1:{port}/eval_platform"
        process.kill()


@pytest.fixture(scope="module")
def _provider() -> Iterator[Provider]:
    with provider() as running:
        yield running


@pytest.fixture(scope="module")
def _workers(platform: Platform, clickhouse_url: str, _provider: Provider) -> Workers:
    migrate(platform.files / "POSTGRES_URL_FILE")
    url = clickhouse_url.replace("http://", "http://eval_app:first@")
    (platform.files / "CLICKHOUSE_URL_FILE").write_text(url)
    variables = {
        **platform.variables,
        **SETTINGS,
        "METRICS_PORT": "1",
        "OPENAI_BASE_URL": f"{_provider.url}/v1",
        "ANTHROPIC_BASE_URL": _provider.url,
    }
    return Workers(platform, variables, _provider, clickhouse_url)


@pytest.fixture
def workers(_workers: Workers, monkeypatch: pytest.MonkeyPatch) -> Workers:
    """With nothing from an earlier test."""
    # The tests send jobs as the orchestrator does, which reads its variables.
    for name, value in _workers.variables.items():
        monkeypatch.setenv(name, value)
    _workers.platform.without_rows()
    for table in ("evaluation_results", "llm_calls"):
        _workers.clickhouse(f"TRUNCATE TABLE {table}")
    _workers.provider.replies.clear()
    _workers.provider.requests.clear()
    return _workers


def health(worker: Program, path: str) -> int | None:
    """The status of /healthz or /readyz; None while nothing listens."""
    try:
        return httpx.get(f"http://127.0.0.1:{worker.variables['METRICS_PORT']}{path}").status_code
    except httpx.TransportError:
        return None


def value(worker: Program, series: str) -> float:
    """A metric's value; 0 while it is missing."""
    for line in worker.metrics().splitlines():
        if line.startswith(f"{series} "):
            return float(line.rpartition(" ")[2])
    return 0.0


def wait_until_ready(worker: Program) -> None:
    wait_until(lambda: health(worker, "/readyz") == 200, seconds=150)
