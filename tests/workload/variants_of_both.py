"""Either reference program with one line of the contract broken; see `variants.py`."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

from tests.workload.patching import module


def rotated_redis_password() -> None:
    queue = module("queue")

    queue.read_secret = cache(queue.read_secret)


def rotated_postgres_password() -> None:
    database = module("database")

    database.read_secret = cache(database.read_secret)


def rotated_clickhouse_password() -> None:
    clickhouse = module("clickhouse")

    clickhouse.read_secret = cache(clickhouse.read_secret)


def no_write_outside_tmp() -> None:
    Path("/var/tmp/eval-platform-variant").write_text("state")


BOTH: tuple[Callable[[], None], ...] = (
    rotated_redis_password,
    rotated_postgres_password,
    rotated_clickhouse_password,
    no_write_outside_tmp,
)
