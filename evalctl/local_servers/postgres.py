"""PostgreSQL on loopback, with TLS and a master user like RDS's."""

import os
import pwd
import secrets
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from environments.names import POSTGRES_DATABASE
from evalctl.local_servers.certificates import Authority
from evalctl.local_servers.restartable import Restartable
from evalctl.processes import CommandFailedError, output
from evalctl.servers import free_port

MASTER = "master"
_SUPERUSER = "superuser"
_LOG = "postgres.log"


class NoPostgresError(Exception):
    """No PostgreSQL server is installed; the message is how to get it."""


@dataclass(frozen=True)
class Postgres:
    """The address, the master user, and the authority's certificate."""

    host: str
    port: int
    database: str
    master_password: str
    ca_file: Path
    folder: Path
    server: Restartable

    def query(self, sql: str) -> str:
        """What psql prints for a superuser's query: lines with fields between `|`.

        Raises:
            CommandFailedError: the server is down, or refuses the query.
        """
        return _psql(self.folder, self.port, sql, database=self.database)

    @property
    def errors(self) -> list[str]:
        """The statements that the server refused since its last start, by its log."""
        log = (self.folder / _LOG).read_text(errors="replace")
        return [
            line.partition("ERROR:")[2].strip() for line in log.splitlines() if "ERROR:" in line
        ]

    def set_password(self, user: str, password: str) -> None:
        """Replace a password and end the user's connections."""
        self.query(f"ALTER ROLE {user} PASSWORD '{password}'")
        self.query(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{user}'"
        )


@contextmanager
def postgres(folder: Path, *hosts: str) -> Iterator[Postgres]:
    """A running server that keeps its data in `folder` and has an authority of its own.

    Its certificate is for loopback and for `hosts`.

    Raises:
        NoPostgresError: none is installed.
        NotStartedError: it did not start; with the end of its log.
    """
    path = programs_path()
    if (server_program := shutil.which("postgres", path=path)) is None:
        raise NoPostgresError("apt-get install postgresql")
    folder.mkdir()
    authority = Authority(folder)
    authority.server("server", *hosts)
    user = server_user()
    port, data = free_port(), folder / "data"
    (folder / "pg_hba.conf").write_text(
        "local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n"
    )
    for file in (folder, *folder.iterdir()):
        os.chown(file, user, -1)
    environment = {"PATH": path, "HOME": str(folder), "LC_ALL": "C"}
    output(
        (
            *("setpriv", f"--reuid={user}", "--clear-groups")[: 3 if os.geteuid() == 0 else 0],
            *("initdb", "--pgdata", str(data), "--username", _SUPERUSER, "--auth", "trust"),
            *("--encoding", "UTF8", "--no-sync"),
        ),
        folder=folder,
        environment=environment,
    )
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": str(folder),
        "hba_file": str(folder / "pg_hba.conf"),
        "ssl": "on",
        "ssl_cert_file": str(folder / "server.crt"),
        "ssl_key_file": str(folder / "server.key"),
        "fsync": "off",
    }
    server = Restartable(
        *(server_program, "-D", str(data)),
        *(word for name, value in settings.items() for word in ("-c", f"{name}={value}")),
        log=folder / _LOG,
        ready=lambda: _answers(folder, port),
        environment=environment,
        user=user if os.geteuid() == 0 else None,
        # SIGTERM waits until clients leave; SIGINT is the fast shutdown.
        end_signal=signal.SIGINT,
    )
    with server:
        password = secrets.token_urlsafe(16)
        for sql in (
            f"CREATE ROLE {MASTER} LOGIN CREATEROLE CREATEDB PASSWORD '{password}'",
            f"CREATE DATABASE {POSTGRES_DATABASE} OWNER {MASTER}",
        ):
            _psql(folder, port, sql, database="postgres")
        yield Postgres(
            host="127.0.0.1",
            port=port,
            database=POSTGRES_DATABASE,
            master_password=password,
            ca_file=authority.pair.certificate,
            folder=folder,
            server=server,
        )


def programs_path() -> str:
    """PATH with the server's programs, which Debian keeps in a folder of their own."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return os.pathsep.join([*map(str, folders), os.environ["PATH"]])


def server_user() -> int:
    """The number of the user that runs the server: its programs refuse to run as root."""
    return pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else os.geteuid()


def _answers(folder: Path, port: int) -> bool:
    """It listens before it answers."""
    try:
        return _psql(folder, port, "SELECT 1", database="postgres") == "1"
    except CommandFailedError:
        return False


def _psql(folder: Path, port: int, sql: str, *, database: str) -> str:
    return output(
        (
            *("psql", "--no-psqlrc", "--no-password", "--tuples-only", "--no-align", "--quiet"),
            *("--host", str(folder), "--port", str(port), "--username", _SUPERUSER),
            *("--set=ON_ERROR_STOP=1", "--command", sql, database),
        )
    ).strip()
