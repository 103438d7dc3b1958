"""The platform's ClickHouse tables in an engine that has no replicas and no Keeper."""

from collections.abc import Iterator

from environments.names import CLICKHOUSE_CLUSTER, CLICKHOUSE_DATABASE
from telemetry.clickhouse_schema import journal, migrations
from telemetry.contract import TABLES

# ClickHouse documentation, "MergeTree tables settings": replicated_deduplication_window, since 25.9.
_DEDUPLICATED_INSERTS = 10_000


def on_one_node(sql: str) -> str:
    """The migration for an engine without replicas and without a Keeper.

    Columns, keys, partitions and TTL of the replicated tables stay as they are.
    """
    return sql.replace(f" ON CLUSTER {CLICKHOUSE_CLUSTER}", "").replace(
        "ENGINE = Replicated", "ENGINE = "
    )


def statements() -> Iterator[str]:
    """What creates the database and its tables, in order."""
    yield f"CREATE DATABASE IF NOT EXISTS {CLICKHOUSE_DATABASE} ENGINE = Atomic"
    yield on_one_node(journal())
    for migration in migrations():
        yield on_one_node(migration.text)


def deduplication() -> Iterator[str]:
    """What makes repeated inserts of one block count once, as in a replicated table by default."""
    for table in TABLES:
        yield (
            f"ALTER TABLE {CLICKHOUSE_DATABASE}.{table.name}"
            f" MODIFY SETTING non_replicated_deduplication_window = {_DEDUPLICATED_INSERTS}"
        )
