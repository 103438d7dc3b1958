"""Requests to the API, and what becomes of them in the stores."""

import json
from datetime import UTC, datetime

from tests.workload.conftest import Platform

QUEUE = "eval:jobs"
CASE = {"id": "one", "topic": "releases", "question": "How?", "answer": "Like this."}


def run_of(*names: str, **other: object) -> dict[str, object]:
    """A request with a case for each name."""
    return {
        "build": "0f3c",
        "built_at": datetime(2026, 11, 1, tzinfo=UTC).isoformat(),
        "branch": "main",
        "dataset": "support@3",
        "judge": {"provider": "openai", "model": "gpt-5.2"},
        "cases": [CASE | {"id": name} for name in names],
    } | other


def queued(platform: Platform) -> list[str]:
    """The ids of the jobs in the queue."""
    messages = platform.redis.command("LRANGE", QUEUE, "0", "-1").splitlines()
    return [json.loads(message)["headers"]["id"] for message in messages]


def jobs(platform: Platform) -> dict[str, str]:
    """Each job's id and its state."""
    with platform.database() as connection:
        return {str(id_): state for id_, state in connection.execute("SELECT id, state FROM jobs")}


def end_jobs(platform: Platform, state: str) -> None:
    """What a worker writes."""
    with platform.database() as connection:
        connection.execute("UPDATE jobs SET state = %s, finished_at = now()", [state])
