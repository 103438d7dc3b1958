"""The restore drill of ClickHouse: the real script, and BACKUP and RESTORE in ClickHouse's own engine."""

from pathlib import Path

import pytest

from environments.names import CLICKHOUSE_DATABASE, CLOUDWATCH_NAMESPACE, LAST_RESTORE_METRIC
from evalctl.local_servers.clickhouse_tables import statements
from stacks.parts.clickhouse_node import settings
from telemetry.contract import TABLES
from tests.stacks.parts.fake_node import FakeNode, run_query

pytestmark = pytest.mark.rehearsal  # each query starts the engine

Engine = dict[str, str]
SCRATCH = f"{CLICKHOUSE_DATABASE}_restore_drill"
DRILL = "drill-clickhouse.sh"


@pytest.fixture
def tables(accounts: FakeNode, engine: Engine) -> FakeNode:
    """A node with the platform's tables, which are empty."""
    run_query(accounts, engine, ";\n".join(statements()))
    return accounts


def insert(node: FakeNode, engine: Engine, rows: int, *, age: str = "2 HOUR") -> None:
    inserts = [
        f"INSERT INTO {CLICKHOUSE_DATABASE}.{table.name} ({table.time_column}) "
        f"SELECT now() - INTERVAL {age} FROM numbers({rows})"
        for table in TABLES
    ]
    run_query(node, engine, ";\n".join(inserts))


def back_up(node: FakeNode, engine: Engine) -> None:
    result = node.run("backup.sh", **engine)
    assert result.returncode == 0, result.stderr


def failure(node: FakeNode, engine: Engine) -> str:
    """What the drill reports; it fails and reports no success to CloudWatch."""
    metrics = node.cloud / "metrics"
    before = metrics.read_text() if metrics.exists() else ""
    result = node.run(DRILL, **engine)
    assert result.returncode == 1
    assert (metrics.read_text() if metrics.exists() else "") == before
    return result.stderr


def client_of(node: FakeNode) -> str:
    """The line that runs the engine as the node's client."""
    return (node.folder / "bin" / "clickhouse-client").read_text().splitlines()[-1]


def signal_after_the_restore(node: FakeNode, signal: str) -> None:
    """The client sends the drill a signal when it has restored."""
    client = client_of(node).removeprefix("exec ")
    sends = f'if [[ "$*" == *RESTORE* ]]; then kill -{signal} $PPID; fi'
    node.fake_program("clickhouse-client", f"{client}\n{sends}")


def databases(node: FakeNode, engine: Engine) -> list[list[str]]:
    return run_query(node, engine, f"SHOW DATABASES LIKE '{CLICKHOUSE_DATABASE}%'")


def test_a_drill_proves_the_newest_backup_and_leaves_nothing(
    tables: FakeNode, engine: Engine
) -> None:
    insert(tables, engine, 100)
    back_up(tables, engine)
    insert(tables, engine, 7, age="1 MINUTE")  # after the backup: not expected in it
    result = tables.run(DRILL, **engine)
    assert result.returncode == 0, result.stderr
    for table in TABLES:
        assert f"{table.name}: 100 rows" in result.stderr
    *_, reported = (tables.cloud / "metrics").read_text().splitlines()
    metric, _, time = reported.rpartition(" ")
    assert metric == f"{CLOUDWATCH_NAMESPACE} {LAST_RESTORE_METRIC} Store=ClickHouse"
    assert int(time) > 1_700_000_000
    assert databases(tables, engine) == [[CLICKHOUSE_DATABASE]]


def test_an_old_backup_fails_and_is_not_restored(tables: FakeNode, engine: Engine) -> None:
    insert(tables, engine, 100)
    back_up(tables, engine)
    two_days_later = (
        'if [ "$*" = +%s ]; then echo $(($(/bin/date +%s) + 172800)); else /bin/date "$@"; fi'
    )
    tables.fake_program("date", two_days_later)
    assert f"48 hours old; the limit is {settings.DRILL_BACKUP_HOURS}" in failure(tables, engine)
    assert tables.queries("RESTORE") == []


def test_no_backup_at_all_fails(tables: FakeNode, engine: Engine) -> None:
    assert "there is no complete backup" in failure(tables, engine)


def test_an_empty_backup_fails(tables: FakeNode, engine: Engine) -> None:
    back_up(tables, engine)
    assert f"the restored {TABLES[0].name} has no rows" in failure(tables, engine)
    assert databases(tables, engine) == [[CLICKHOUSE_DATABASE]]


def test_a_backup_without_a_recent_row_fails(tables: FakeNode, engine: Engine) -> None:
    insert(tables, engine, 100, age="8 DAY")
    back_up(tables, engine)
    assert "8 days old; the limit is 7" in failure(tables, engine)


def test_a_backup_that_lacks_rows_of_the_live_table_fails(tables: FakeNode, engine: Engine) -> None:
    insert(tables, engine, 90)
    back_up(tables, engine)
    insert(tables, engine, 10)  # as if the backup had missed what was written two hours before it
    assert "has 90 of the 100 rows" in failure(tables, engine)


def test_a_damaged_backup_fails_and_nothing_of_it_stays(tables: FakeNode, engine: Engine) -> None:
    insert(tables, engine, 100)
    back_up(tables, engine)
    data = [*_files(tables, "data.bin"), *_files(tables, "data.cmrk*"), *_files(tables, "*.bin")]
    assert data
    for file in data:
        file.write_bytes(b"")
    assert "cannot be restored" in failure(tables, engine)
    assert databases(tables, engine) == [[CLICKHOUSE_DATABASE]]


def _files(node: FakeNode, pattern: str) -> list[Path]:
    return list((node.folder / "backups").rglob(pattern))


def test_a_drill_that_would_fill_the_volume_restores_nothing(
    tables: FakeNode, engine: Engine
) -> None:
    insert(tables, engine, 100)
    back_up(tables, engine)
    full = 'if [[ "$*" == *free_space* ]]; then echo 0; exit; fi\n'
    tables.fake_program("clickhouse-client", full + client_of(tables))
    assert "less free space than twice the live data" in failure(tables, engine)
    assert tables.queries("RESTORE") == []


def test_the_next_drill_removes_what_a_killed_one_left(tables: FakeNode, engine: Engine) -> None:
    insert(tables, engine, 100)
    back_up(tables, engine)
    client = client_of(tables)
    signal_after_the_restore(tables, "KILL")
    assert tables.run(DRILL, **engine).returncode == -9
    assert [SCRATCH] in databases(tables, engine)
    tables.fake_program("clickhouse-client", client)
    result = tables.run(DRILL, **engine)
    assert result.returncode == 0, result.stderr
    assert databases(tables, engine) == [[CLICKHOUSE_DATABASE]]


def test_a_drill_that_is_stopped_drops_what_it_restored(tables: FakeNode, engine: Engine) -> None:
    insert(tables, engine, 100)
    back_up(tables, engine)
    signal_after_the_restore(tables, "TERM")
    assert tables.run(DRILL, **engine).returncode != 0
    assert len(tables.queries("RESTORE")) == 1
    assert databases(tables, engine) == [[CLICKHOUSE_DATABASE]]
