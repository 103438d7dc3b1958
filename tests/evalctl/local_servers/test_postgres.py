"""PostgreSQL on loopback: TLS, a master user like RDS's, rotations and restarts."""

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from evalctl.local_servers.postgres import MASTER, Postgres, postgres, programs_path
from evalctl.processes import CommandFailedError
from tests.support import tools


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with pytest.MonkeyPatch.context() as monkeypatch, tempfile.TemporaryDirectory() as scratch:
        monkeypatch.setenv("PATH", programs_path())
        for program in ("postgres", "psql"):
            tools.program(program, get_it="apt-get install postgresql")
        Path(scratch).chmod(0o755)  # the server's user is another one than root
        with postgres(Path(scratch) / "server") as started:
            yield started


def answer(server: Postgres, sql: str, *, password: str | None = None, tls: str = "") -> str:
    """What psql prints as the master user, over the network."""
    options = tls or f"sslmode=verify-full sslrootcert={server.ca_file}"
    connection = (
        f"host={server.host} port={server.port} dbname={server.database} user={MASTER} {options}"
    )
    done = subprocess.run(
        ("psql", "--no-psqlrc", "--no-password", "-Atc", sql, connection),
        env={"PATH": programs_path(), "PGPASSWORD": password or server.master_password},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    return (done.stdout or done.stderr).strip()


def test_a_client_that_checks_the_certificate_connects(server: Postgres) -> None:
    assert answer(server, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()") == "t"


def test_a_client_without_tls_is_refused(server: Postgres) -> None:
    assert "no pg_hba.conf entry" in answer(server, "SELECT 1", tls="sslmode=disable")


def test_the_master_user_makes_roles_and_is_no_superuser(server: Postgres) -> None:
    assert answer(server, "CREATE ROLE made") == "CREATE ROLE"
    assert "must be superuser" in answer(server, "COPY (SELECT 1) TO PROGRAM 'true'")


def test_a_replaced_password_is_refused(server: Postgres) -> None:
    server.query("CREATE ROLE app LOGIN PASSWORD 'old'")
    server.set_password("app", "new")
    stored = "SELECT rolpassword LIKE 'SCRAM%' FROM pg_authid WHERE rolname = 'app'"
    assert server.query(stored) == "t"
    assert "authentication failed" in answer(server, "SELECT 1", password="other")


def test_a_statement_that_the_server_refuses_is_listed(server: Postgres) -> None:
    before = len(server.errors)
    answer(server, "SELECT * FROM missing")
    assert server.errors[before:] == ['relation "missing" does not exist at character 15']


def test_rows_survive_a_stop(server: Postgres) -> None:
    server.query("CREATE TABLE kept AS SELECT 1 AS one")
    with server.server.stopped(), pytest.raises(CommandFailedError):
        server.query("SELECT 1")
    assert server.query("SELECT one FROM kept") == "1"
