"""The migrations create the tables that the contract defines, in ClickHouse's own engine."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from environments.names import CLICKHOUSE_CLUSTER, CLICKHOUSE_DATABASE
from evalctl.board_pages.clickhouse import LocalClickhouse
from evalctl.local_servers.clickhouse_tables import on_one_node
from telemetry.clickhouse_schema import Migration, journal, migrations
from telemetry.contract import TABLES, Table

# A migration is added when it is merged, and its line never changes.
MERGED = {
    "0001-results-and-calls.sql": "201aedd8e3d10b0e220635c7647f9105f4460cea405583028531e3f3ace427c0",
}

EACH_TABLE = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)


@pytest.fixture(scope="module")
def clickhouse() -> LocalClickhouse:
    return LocalClickhouse()


def about(clickhouse: LocalClickhouse, table: Table, column: str) -> str:
    return clickhouse.run(
        f"SELECT {column} FROM system.tables"
        f" WHERE database = '{CLICKHOUSE_DATABASE}' AND name = '{table.name}'"
    )


def statements() -> list[str]:
    texts = [journal(), *(migration.text for migration in migrations())]
    bare = (re.sub(r"--.*", "", text) for text in texts)
    return [part.strip() for text in bare for part in text.split(";") if part.strip()]


def test_a_merged_migration_is_never_edited() -> None:
    now = {migration.file_name: migration.checksum for migration in migrations()}

    assert now == MERGED, (
        "Clusters have applied the merged migrations and refuse another text. Undo the edit and add a "
        "migration with the next number instead; add a new migration's checksum to MERGED."
    )


@EACH_TABLE
def test_the_columns_are_those_of_the_contract(clickhouse: LocalClickhouse, table: Table) -> None:
    columns = clickhouse.run(
        "SELECT name, type FROM system.columns"
        f" WHERE database = '{CLICKHOUSE_DATABASE}' AND table = '{table.name}' ORDER BY position"
    )

    assert dict(line.split("\t") for line in columns.splitlines()) == {
        column.name: column.type for column in table.columns
    }, (
        f"telemetry/contract.py and the migrations differ for {table.name}. Add a migration, "
        f"telemetry/clickhouse_migrations/{len(migrations()) + 1:04}-<what>.sql, with "
        f"ALTER TABLE {CLICKHOUSE_DATABASE}.{table.name} ON CLUSTER {CLICKHOUSE_CLUSTER} "
        "ADD COLUMN IF NOT EXISTS ..., and leave the merged ones as they are."
    )


@EACH_TABLE
def test_rows_are_ordered_partitioned_and_dropped_as_the_contract_defines(
    clickhouse: LocalClickhouse, table: Table
) -> None:
    assert about(clickhouse, table, "sorting_key") == ", ".join(table.order_by)
    assert about(clickhouse, table, "partition_key") == f"toYYYYMM({table.time_column})"
    ttl = f"TTL {table.time_column} + toIntervalDay({table.retention_days})"
    assert ttl in about(clickhouse, table, "create_table_query")


def test_a_row_past_its_retention_is_dropped_and_a_younger_one_stays() -> None:
    clickhouse = LocalClickhouse()
    for table in TABLES:
        for days in (table.retention_days + 2, table.retention_days - 2):
            clickhouse.run(
                f"INSERT INTO {table.name} ({table.time_column}) SELECT now() - INTERVAL {days} DAY"
            )
        clickhouse.run(f"OPTIMIZE TABLE {table.name} FINAL")
        assert clickhouse.run(f"SELECT count() FROM {table.name}") == "1"


def test_applying_everything_twice_changes_nothing(clickhouse: LocalClickhouse) -> None:
    before = [about(clickhouse, table, "create_table_query") for table in TABLES]

    for migration in migrations():
        clickhouse.run(on_one_node(migration.text))

    assert [about(clickhouse, table, "create_table_query") for table in TABLES] == before


def test_every_statement_reaches_every_node_and_can_be_repeated() -> None:
    for statement in statements():
        what = re.match(r"(CREATE|ALTER) TABLE", statement)
        assert what, statement
        assert f" ON CLUSTER {CLICKHOUSE_CLUSTER}" in statement
        assert re.search(r"IF (NOT )?EXISTS", statement)


def test_tables_are_replicated_and_keeper_accepts_them(tmp_path: Path) -> None:
    """Uses the engine's own test Keeper, which has no cluster: `ON CLUSTER` is removed."""
    config = tmp_path / "config.xml"
    config.write_text(
        f"""<clickhouse><path>{tmp_path}/data/</path>
          <zookeeper><implementation>testkeeper</implementation></zookeeper>
          <default_replica_path>/tables/{{database}}/{{table}}</default_replica_path>
          <macros><shard>1</shard><replica>only</replica></macros></clickhouse>"""
    )
    on_this_node = [text.replace(f" ON CLUSTER {CLICKHOUSE_CLUSTER}", "") for text in statements()]
    program = (
        "import chdb, os, sys\n"
        f"c = chdb.connect('{tmp_path}/database?config-file={config}')\n"
        "for sql in sys.argv[1:]: print(c.query(sql, 'TSVRaw'), flush=True)\n"
        "os._exit(0)\n"
    )
    result = subprocess.run(
        [
            *(sys.executable, "-c", program),
            f"CREATE DATABASE {CLICKHOUSE_DATABASE} ENGINE = Atomic",
            *on_this_node,
            f"SELECT name, engine FROM system.tables WHERE database = '{CLICKHOUSE_DATABASE}'",
        ],
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert result.returncode == 0, result.stderr
    tables = dict(line.split("\t") for line in result.stdout.split("\n") if line)
    assert tables.keys() > {table.name for table in TABLES}
    assert set(tables.values()) == {"ReplicatedMergeTree"}


def folder_of(tmp_path: Path, *names: str) -> Path:
    for name in names:
        (tmp_path / name).write_text("SELECT 1;\n")
    return tmp_path


def test_migrations_are_numbered_without_gaps(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"0003-more.sql has number 0003 instead of 0002"):
        migrations(folder_of(tmp_path, "0001-first.sql", "0003-more.sql"))


def test_a_file_that_is_not_a_migration_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"add_column.sql is not a migration's name"):
        migrations(folder_of(tmp_path, "add_column.sql"))


def test_two_texts_have_two_checksums() -> None:
    one, other = (Migration(version=1, file_name="x", text=text) for text in ("a", "b"))
    assert one.checksum != other.checksum
