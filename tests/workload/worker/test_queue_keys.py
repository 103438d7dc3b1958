"""Every key and channel of Celery is below the prefix of the environment's queue, as the access rules require."""

import re
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.workload.servers import wait_until
from tests.workload.worker.conftest import CASE, Workers
from workload.queue import TASK, celery_app
from workload.settings import Settings

# Commands without a key or a channel.
_NO_KEYS = {
    "auth",
    "hello",
    "client",
    "ping",
    "multi",
    "exec",
    "unwatch",
    "info",
    "script",
    "select",
}


@pytest.mark.parametrize(
    ("queue", "prefix"), [("eval:jobs", "eval:"), ("eval:pr-7:jobs", "eval:pr-7:")]
)
def test_a_worker_uses_only_keys_of_its_queues_prefix(
    queue: str, prefix: str, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    redis = workers.platform.redis
    (job,) = workers.queue(CASE)
    redis.command("FLUSHALL")
    redis.command("ACL", "LOG", "RESET")
    monkeypatch.setenv("REDIS_QUEUE_KEY", queue)
    with tempfile.TemporaryFile("w+") as log:
        monitor = ["redis-cli", "-s", str(redis.folder / "socket"), "MONITOR"]
        with subprocess.Popen(monitor, stdout=log) as watching:
            wait_until(lambda: Path(f"/proc/{watching.pid}").exists() and _size(log) > 0)
            celery_app(Settings()).send_task(TASK, args=[str(job)], task_id=str(job))
            with workers.start(REDIS_QUEUE_KEY=queue) as worker:
                wait_until(lambda: workers.states() == ["done"], seconds=150)
                worker.process.terminate()
                assert worker.process.wait(60) == 0
            watching.terminate()
        log.seek(0)
        commands = [
            re.findall(r'"((?:[^"\\]|\\.)*)"', line)
            for line in log
            if " lua] " not in line and "unix:" not in line and '"' in line
        ]
    used = {(command[0].upper(), key) for command in commands for key in _keys(command)}
    assert {command for command, _ in used} >= {"LPUSH", "BRPOP", "ZADD", "HSET", "ZREM", "HDEL"}
    assert {key for _, key in used if not key.startswith(prefix)} == set()
    assert redis.command("ACL", "LOG") == "", "the server refused nothing"


def _size(log: object) -> int:
    return int(log.seek(0, 2))  # type: ignore[attr-defined]


def _keys(command: list[str]) -> list[str]:
    name, *rest = command
    match name.lower():
        case "brpop":
            return rest[:-1]
        case "evalsha" | "eval":
            return rest[2 : 2 + int(rest[1])]
        case "del" | "watch" | "unlink" | "exists":
            return rest
        case lower if lower in _NO_KEYS:
            return []
    return rest[:1]
