"""ClickHouse's own engine in this process, with the platform's tables and invented rows in them."""

import dataclasses
import json
from collections.abc import Iterable
from datetime import datetime

from chdb.state import connect

from environments.names import CLICKHOUSE_CLUSTER, CLICKHOUSE_DATABASE
from evalctl.board_pages import answers
from evalctl.board_pages.evaluations import EvaluationResult, LlmCall, evaluation_results, llm_calls
from telemetry.clickhouse_schema import journal, migrations
from telemetry.contract import EVALUATION_RESULTS, LLM_CALLS, Table


def on_one_node(sql: str) -> str:
    """A migration for an engine that has no peers, and no Keeper in which to find them.

    Nothing else differs: replicated tables keep their columns, keys, partitions and TTL.
    """
    return sql.replace(f" ON CLUSTER {CLICKHOUSE_CLUSTER}", "").replace(
        "ENGINE = Replicated", "ENGINE = "
    )


class LocalClickhouse:
    """The database of the platform, in memory; queries name its tables as Grafana's do."""

    def __init__(self) -> None:
        self._connection = connect(":memory:")
        # A process has one engine, which an earlier one of these may have used.
        self.run(f"DROP DATABASE IF EXISTS {CLICKHOUSE_DATABASE}")
        self.run(f"CREATE DATABASE {CLICKHOUSE_DATABASE} ENGINE = Atomic")
        self.run(on_one_node(journal()))
        for migration in migrations():
            self.run(on_one_node(migration.text))
        self.run(f"USE {CLICKHOUSE_DATABASE}")

    def run(self, sql: str) -> str:
        """Execute statements, and return what the last one says, as text with tabs."""
        return str(self._connection.query(sql, "TSVRaw")).rstrip("\n")

    def ask(self, sql: str) -> answers.Table:
        """The rows that a query gives."""
        answer = json.loads(str(self._connection.query(sql, "JSONCompact")))
        return answers.Table(
            columns=tuple(answers.Column(name=c["name"], type=c["type"]) for c in answer["meta"]),
            rows=tuple(tuple(row) for row in answer["data"]),
        )

    def fill(self, environment: str, *, end: int) -> None:
        """Put the invented runs of the weeks before `end` (seconds since 1970) in."""
        self.insert(EVALUATION_RESULTS, evaluation_results(environment, end=end))
        self.insert(LLM_CALLS, llm_calls(environment, end=end))

    def insert(self, table: Table, rows: Iterable[EvaluationResult | LlmCall]) -> None:
        lines = "\n".join(json.dumps(dataclasses.asdict(row), default=_as_text) for row in rows)
        self.run(f"INSERT INTO {CLICKHOUSE_DATABASE}.{table.name} FORMAT JSONEachRow\n{lines}")


def _as_text(value: object) -> str:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return str(value)
