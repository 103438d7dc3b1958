"""ClickHouse's engine behind its HTTP interface: the program that `clickhouse.py` starts.

Usage: python -m evalctl.local_servers.clickhouse_http FOLDER PORT
FOLDER holds server.crt and server.key, users.json (name → password, read again for each request) and the
engine's data. Only what clients of the platform use is there: users with a password, a database, settings
and parameters in the query string, text formats. Settings of a request end with it.
"""

import base64
import gzip
import json
import re
import ssl
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock
from urllib.parse import parse_qsl, urlsplit

from chdb.state import connect

from environments.names import CLICKHOUSE_SCHEMA_USER
from evalctl.local_servers.clickhouse_tables import deduplication, statements

# ClickHouse, src/Common/ErrorCodes.cpp
_AUTHENTICATION_FAILED = 516
_ACCESS_DENIED = 497
_UNKNOWN_EXCEPTION = 1002
# Not settings: ClickHouse documentation, "HTTP interface".
_RESERVED = ("query", "database", "user", "password", "default_format", "query_id", "session_id")
_ROWS_ONLY = re.compile(
    r"(\s|--[^\n]*\n|/\*.*?\*/)*(select|insert|with|exists|desc|show)\b", re.I | re.S
)


class RefusedError(Exception):
    """The server's error number, and its message."""

    def __init__(self, code: int, message: str, *, status: int = 500) -> None:
        self.code, self.status = code, status
        super().__init__(f"Code: {code}. DB::Exception: {message}")


class Engine:
    """The engine in this process; one statement at a time."""

    def __init__(self, folder: Path) -> None:
        self._connection = connect(str(folder / "data"))
        self._lock = Lock()
        for statement in (*statements(), *deduplication()):
            self._connection.query(statement)

    def run(self, sql: str, *, database: str, format_: str, settings: dict[str, str]) -> bytes:
        """The result as the server writes it.

        Raises:
            RefusedError: the engine refuses the statement.
        """
        with self._lock:
            try:
                self._connection.query(f"USE {database}")
                for name, value in settings.items():
                    self._connection.query(f"SET {name} = {_quoted(value)}")
                return bytes(self._connection.query(sql, format_).bytes())
            except Exception as error:  # chdb raises RuntimeError and its own, all with this text
                code = re.search(r"Code: (\d+)", str(error))
                number = int(code[1]) if code else _UNKNOWN_EXCEPTION
                raise RefusedError(number, str(error)) from None
            finally:
                for name in settings:
                    if not name.startswith("param_"):
                        self._connection.query(f"SET {name} = DEFAULT")


class Handler(BaseHTTPRequestHandler):
    """Answers requests with the class's engine and users."""

    protocol_version = "HTTP/1.1"
    engine: Engine
    users: Path

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        address = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        if address.path == "/ping":
            self._send(200, b"Ok.\n")
        elif address.path != "/":
            self._send(404, f"There is no handle {address.path}\n".encode())
        else:
            try:
                self._send(200, self._result(dict(parse_qsl(address.query)), body.decode()))
            except RefusedError as refused:
                headers = {"X-ClickHouse-Exception-Code": str(refused.code)}
                self._send(refused.status, f"{refused}\n".encode(), headers)

    def _result(self, parameters: dict[str, str], body: str) -> bytes:
        user = self._user(parameters)
        sql = "\n".join(part for part in (parameters.get("query", ""), body) if part)
        if user != CLICKHOUSE_SCHEMA_USER and not _ROWS_ONLY.match(sql):
            raise RefusedError(_ACCESS_DENIED, f"{user}: Not enough privileges.", status=403)
        return self.engine.run(
            sql,
            database=parameters.get("database", "default"),
            format_=parameters.get("default_format", "TabSeparated"),
            settings={name: value for name, value in parameters.items() if name not in _RESERVED},
        )

    def _user(self, parameters: dict[str, str]) -> str:
        user = self.headers.get("X-ClickHouse-User") or parameters.get("user", "default")
        password = self.headers.get("X-ClickHouse-Key") or parameters.get("password", "")
        if (login := self.headers.get("Authorization", "")).startswith("Basic "):
            user, _, password = (
                base64.b64decode(login.removeprefix("Basic ")).decode().partition(":")
            )
        if json.loads(self.users.read_text()).get(user) != password:
            raise RefusedError(_AUTHENTICATION_FAILED, f"{user}: Authentication failed", status=403)
        return user

    def _send(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: object) -> None:
        """Log nothing."""


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def main(folder: Path, port: int) -> None:
    """Serve until SIGTERM."""
    Handler.engine, Handler.users = Engine(folder), folder / "users.json"
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(folder / "server.crt", folder / "server.key")
    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        server.daemon_threads = True
        # The handshake belongs to the request's thread: a client that sends nothing stops no other.
        server.socket = tls.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
        server.serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
