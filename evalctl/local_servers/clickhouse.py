"""ClickHouse's engine on loopback, with the platform's tables."""

import json
import secrets
import ssl
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from environments.names import CLICKHOUSE_APP_USER, CLICKHOUSE_DATABASE, CLICKHOUSE_SCHEMA_USER
from evalctl.local_servers.certificates import Authority
from evalctl.local_servers.restartable import Restartable
from evalctl.servers import free_port, is_listening

Row = dict[str, object]


@dataclass(frozen=True)
class Clickhouse:
    """The address, the application's user, and the authority's certificate."""

    host: str
    port: int
    database: str
    user: str
    ca_file: Path
    folder: Path
    server: Restartable

    def rows(self, sql: str) -> list[Row]:
        """The result of a query by the user of the schema.

        Raises:
            OSError: the server is down, or refuses the query.
        """
        return [json.loads(line) for line in self.lines(sql, format_="JSONEachRow")]

    def lines(self, sql: str, *, format_: str) -> list[bytes]:
        """The same in a format of ClickHouse that has a line for each row."""
        query = urlencode({"database": self.database, "default_format": format_})
        request = urllib.request.Request(
            f"https://{self.host}:{self.port}/?{query}",
            data=sql.encode(),
            headers={
                "X-ClickHouse-User": CLICKHOUSE_SCHEMA_USER,
                "X-ClickHouse-Key": self._users()[CLICKHOUSE_SCHEMA_USER],
            },
        )
        tls = ssl.create_default_context(cafile=str(self.ca_file))
        with urllib.request.urlopen(request, context=tls, timeout=30) as response:
            body: bytes = response.read()
            return body.splitlines()

    @property
    def password(self) -> str:
        """The password of the application's user."""
        return self._users()[self.user]

    def rotate(self, password: str) -> None:
        """Replace the application user's password. The old one is refused from now on."""
        _write_users(self.folder, self._users() | {self.user: password})

    def _users(self) -> dict[str, str]:
        users: dict[str, str] = json.loads((self.folder / "users.json").read_text())
        return users


@contextmanager
def clickhouse(folder: Path) -> Iterator[Clickhouse]:
    """A running server that keeps its data in `folder` and has an authority of its own.

    Raises:
        NotStartedError: it did not start; with the end of its log.
    """
    folder.mkdir()
    authority, port = Authority(folder), free_port()
    authority.server("server")
    _write_users(
        folder,
        {user: secrets.token_urlsafe(16) for user in (CLICKHOUSE_APP_USER, CLICKHOUSE_SCHEMA_USER)},
    )
    server = Restartable(
        *(
            sys.executable,
            "-P",
            "-m",
            "evalctl.local_servers.clickhouse_http",
            str(folder),
            str(port),
        ),
        log=folder / "clickhouse.log",
        ready=lambda: is_listening(port),
        environment={
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": ":".join(path for path in sys.path if path),
        },
    )
    with server:
        yield Clickhouse(
            host="127.0.0.1",
            port=port,
            database=CLICKHOUSE_DATABASE,
            user=CLICKHOUSE_APP_USER,
            ca_file=authority.pair.certificate,
            folder=folder,
            server=server,
        )


def _write_users(folder: Path, users: dict[str, str]) -> None:
    new = folder / "users.new"
    new.write_text(json.dumps(users))
    new.replace(folder / "users.json")
