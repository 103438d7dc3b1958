"""ClickHouse's engine behind its HTTP interface, with the platform's tables: `python -m … PORT`.

The engine is embedded (chdb), so its tables are not replicated. `non_replicated_deduplication_window` gives
them the deduplication that replicated tables have by default.
"""

import base64
import re
import sys
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from chdb.state import connect

from telemetry.clickhouse_schema import migrations

PASSWORD = "first"


class Engine:
    def __init__(self) -> None:
        self._connection = connect(":memory:")
        self._one_at_a_time = threading.Lock()
        self.run("CREATE DATABASE eval_platform ENGINE = Atomic")
        for migration in migrations():
            self.run(_on_one_node(migration.text))
        for table in ("evaluation_results", "llm_calls"):
            self.run(
                f"ALTER TABLE eval_platform.{table} MODIFY SETTING non_replicated_deduplication_window = 10000"
            )

    def run(self, statement: str, settings: Mapping[str, str] | None = None) -> str:
        """With settings as a session has them."""
        with self._one_at_a_time:
            for name, value in (settings or {}).items():
                self._connection.query(f"SET {name} = '{value}'")
            try:
                return str(self._connection.query(statement, "TSVRaw"))
            finally:
                for name in settings or {}:
                    if not name.startswith("param_"):
                        self._connection.query(f"SET {name} = DEFAULT")


def _on_one_node(sql: str) -> str:
    return re.sub(" ON CLUSTER [a-z]+", "", sql).replace("ENGINE = Replicated", "ENGINE = ")


class Handler(BaseHTTPRequestHandler):
    engine: Engine

    def do_POST(self) -> None:
        parameters = dict(parse_qsl(urlsplit(self.path).query))
        parameters.pop("database", None)
        statement = self.rfile.read(int(self.headers["Content-Length"])).decode()
        expected = base64.b64encode(f"eval_app:{PASSWORD}".encode()).decode()
        if self.headers["Authorization"] != f"Basic {expected}":
            self._answer(403, "wrong password")
            return
        try:
            self._answer(200, self.engine.run(statement, parameters))
        except RuntimeError as error:
            self._answer(500, str(error))

    def _answer(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Tests print what matters."""


def main() -> None:
    Handler.engine = Engine()
    Handler.engine.run("USE eval_platform")
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
    print("ready", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
