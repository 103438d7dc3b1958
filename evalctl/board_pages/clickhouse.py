"""ClickHouse's engine in this process, with the platform's tables and synthetic rows."""

import dataclasses
import json
from collections.abc import Iterable
from datetime import datetime

from chdb.state import connect

from environments.names import CLICKHOUSE_DATABASE
from evalctl.board_pages import query_results
from evalctl.board_pages.evaluations import EvaluationResult, LlmCall, evaluation_results, llm_calls
from evalctl.local_servers.clickhouse_tables import statements
from telemetry.contract import EVALUATION_RESULTS, LLM_CALLS, Table


class LocalClickhouse:
    """The platform's database in memory. Queries use table names as in Grafana."""

    def __init__(self) -> None:
        self._connection = connect(":memory:")
        # A process has one engine, and an earlier instance may have used it.
        self.run(f"DROP DATABASE IF EXISTS {CLICKHOUSE_DATABASE}")
        for statement in statements():
            self.run(statement)
        self.run(f"USE {CLICKHOUSE_DATABASE}")

    def run(self, sql: str) -> str:
        """Execute statements and return the last one's result as text with tabs."""
        return str(self._connection.query(sql, "TSVRaw")).rstrip("\n")

    def query(self, sql: str) -> query_results.Table:
        """The result of a query."""
        result = json.loads(str(self._connection.query(sql, "JSONCompact")))
        return query_results.Table(
            columns=tuple(
                query_results.Column(name=c["name"], type=c["type"]) for c in result["meta"]
            ),
            rows=tuple(tuple(row) for row in result["data"]),
        )

    def fill(self, environment: str, *, end: int) -> None:
        """Insert the synthetic runs of the weeks before `end` (seconds since 1970)."""
        self.insert(EVALUATION_RESULTS, evaluation_results(environment, end=end))
        self.insert(LLM_CALLS, llm_calls(environment, end=end))

    def insert(self, table: Table, rows: Iterable[EvaluationResult | LlmCall]) -> None:
        lines = "\n".join(json.dumps(dataclasses.asdict(row), default=_as_text) for row in rows)
        self.run(f"INSERT INTO {CLICKHOUSE_DATABASE}.{table.name} FORMAT JSONEachRow\n{lines}")


def _as_text(value: object) -> str:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return str(value)
