"""ClickHouse's own log tables, made by its own engine from a node's configuration."""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree

import pytest

from environments.catalog import CLICKHOUSE_LTS
from environments.names import Names
from environments.prod import PROD
from stacks.parts.clickhouse_node import settings
from stacks.parts.clickhouse_node.system_logs import KEPT_DAYS, READ_FOR, REMOVED
from tests.stacks.parts.fake_node import FakeNode, node_files

STORAGE_FILE = f"{settings.SERVER_FOLDER}/config.d/10-storage.xml"
EVERY_LOG = [*KEPT_DAYS, *REMOVED]
TABLES = (
    "SELECT name, extract(create_table_query, 'TTL event_date \\\\+ toIntervalDay\\\\((\\\\d+)\\\\)')"
    " FROM system.tables WHERE database = 'system' AND engine LIKE '%MergeTree' ORDER BY name"
)
# The engine reads one configuration in its life and forgets the log tables at its end, so it runs in a
# process of its own, which takes one statement after the other.
ENGINE = """
import os, sys
import chdb
connection = chdb.connect(sys.argv[1])
for statement in sys.argv[2:]:
    print(connection.query(statement, "TSV"), end="", flush=True)
while True:
    with open("statement") as pipe:
        statement = pipe.read()
    if not statement:
        os._exit(0)
    with open("answer", "w") as pipe:
        pipe.write(str(connection.query(statement, "TSV")))
"""
CLIENT = """
while [ "$1" != --query ]; do shift; done
printf '%s' "$2" >{folder}/statement
cat {folder}/answer
"""


@pytest.mark.parametrize("minor", CLICKHOUSE_LTS)
def test_the_logs_were_read_for_every_release_that_the_rules_accept(minor: str) -> None:
    assert minor in READ_FOR, (
        f"read LIST_OF_ALL_SYSTEM_LOGS of ClickHouse {minor} (src/Interpreters/SystemLog.h), decide "
        "about each new log in stacks/parts/clickhouse_node/system_logs.py, and add the minor to READ_FOR"
    )


def test_every_log_is_kept_or_removed_and_never_both() -> None:
    assert len(set(EVERY_LOG)) == len(EVERY_LOG)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A server's folder: the package switches every log on, and the node's file decides about each."""
    if importlib.util.find_spec("chdb") is None:
        pytest.skip("chdb, ClickHouse's engine for Python, is not installed: pip install chdb")
    switched_on = "".join(
        f"<{log}><collect_interval_milliseconds>1000</collect_interval_milliseconds></{log}>"
        for log in EVERY_LOG
    )
    (tmp_path / "config.xml").write_text(
        f"<clickhouse><path>{tmp_path}/data/</path>{switched_on}</clickhouse>"
    )
    (tmp_path / "config.d").mkdir()
    return tmp_path


def write_logs_of_the_node(folder: Path) -> None:
    """The part of the node's file that is about logs."""
    document = ElementTree.fromstring(node_files(Names(PROD))[STORAGE_FILE])
    for element in list(document):
        if element.tag not in EVERY_LOG:
            document.remove(element)
    (folder / "config.d" / "10-storage.xml").write_text(
        ElementTree.tostring(document, encoding="unicode")
    )


@contextmanager
def engine(folder: Path, *statements: str) -> Iterator["subprocess.Popen[str]"]:
    """The engine with the folder's configuration; it ends after an empty statement."""
    for pipe in ("statement", "answer"):
        os.mkfifo(folder / pipe)
    connection = f"{folder}/database?config-file={folder}/config.xml"
    with subprocess.Popen(
        [sys.executable, "-c", ENGINE, connection, *statements],
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def answers(folder: Path, *statements: str) -> list[list[str]]:
    """The rows that the engine answers to these statements."""
    with engine(folder, *statements) as process:
        (folder / "statement").write_text("")
        shown, _ = process.communicate(timeout=300)
        assert process.returncode == 0
    return [line.split("\t") for line in shown.splitlines()]


def test_the_engine_knows_every_log_that_was_decided(folder: Path) -> None:
    assert answers(folder, *(f"SYSTEM FLUSH LOGS {log}" for log in EVERY_LOG)) == []


def test_without_a_decision_every_log_would_grow_without_bound(folder: Path) -> None:
    """The test below would prove nothing if the engine made no tables by itself."""
    tables = dict(answers(folder, "SELECT 1 FORMAT Null", "SYSTEM FLUSH LOGS", TABLES))
    assert set(tables) >= set(KEPT_DAYS)
    assert "trace_log" in tables
    assert set(tables.values()) == {""}


def test_the_engine_writes_only_the_logs_that_are_kept_each_with_its_days(folder: Path) -> None:
    write_logs_of_the_node(folder)
    tables = answers(folder, "SELECT 1 FORMAT Null", "SYSTEM FLUSH LOGS", TABLES)
    assert tables == sorted([log, str(days)] for log, days in KEPT_DAYS.items())


def test_the_set_up_drops_what_clickhouse_renamed_and_no_longer_writes(folder: Path) -> None:
    write_logs_of_the_node(folder)
    node = FakeNode(names=Names(PROD), index=1, folder=folder / "node", cloud=folder / "cloud")
    node.fake_program("clickhouse-client", CLIENT.format(folder=folder))
    leftover = "CREATE TABLE system.trace_log (x UInt8) ENGINE = MergeTree ORDER BY x"
    renamed = "CREATE TABLE system.query_log_0 AS system.query_log"
    foreign = "CREATE TABLE system.notes (x UInt8) ENGINE = MergeTree ORDER BY x"
    with engine(folder, "SELECT 1 FORMAT Null", "SYSTEM FLUSH LOGS", leftover, renamed, foreign):
        result = node.run("logs.sh")
        assert result.returncode == 0, result.stderr
        tables = subprocess.run(
            ["bash", str(node.folder / "bin" / "clickhouse-client"), "--query", TABLES],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()
    assert result.stderr.splitlines() == [
        "logs.sh: dropping system.query_log_0",
        "logs.sh: dropping system.trace_log",
    ]
    assert [line.split("\t")[0] for line in tables] == sorted([*KEPT_DAYS, "notes"])
