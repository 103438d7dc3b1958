"""The database-users job, run against a real PostgreSQL as a master user like RDS's."""

import json
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote_plus

import pytest

from environments.names import (
    POSTGRES_APP_USER,
    POSTGRES_DATABASE,
    POSTGRES_PREVIEW_SCHEMA,
    App,
    Secret,
)
from k8s import previews
from k8s.app import build
from tests.support.manifests import Manifest, one
from tests.support.previews import PREVIEWED

ADMIN = "master"
FIRST_PASSWORD = "first-password"
AWKWARD_PASSWORD = r"""it's \n "second" %s $$ pass'word\\"""


@dataclass(frozen=True)
class Server:
    """A PostgreSQL of our own, reached by a socket in its folder, that logs every statement."""

    folder: Path
    user: int

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            user=self.user if os.geteuid() == 0 else None,
            env={"PATH": _path(), "HOME": str(self.folder)} | environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def query(self, sql: str, *, user: str, password: str = "") -> str:
        """What psql prints, or its error."""
        done = self.run(
            *("psql", "--no-psqlrc", "--no-password", "--tuples-only", "--no-align"),
            *("--host", str(self.folder), "--username", user, "--command", sql),
            POSTGRES_DATABASE,
            PGPASSWORD=password,
        )
        return done.stdout.strip() if done.returncode == 0 else done.stderr

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()


def _path() -> str:
    """On Debian the server's programs are not in PATH."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return os.pathsep.join([*map(str, folders), os.environ["PATH"]])


@pytest.fixture
def server() -> Iterator[Server]:
    if shutil.which("initdb", path=_path()) is None:
        pytest.skip("no PostgreSQL server is installed")
    # Its programs refuse to run as root.
    user = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else os.geteuid()
    folder = Path(tempfile.mkdtemp())
    os.chown(folder, user, -1)
    server = Server(folder, user)
    options = f"-c listen_addresses= -c unix_socket_directories={folder} -c log_statement=ddl -c fsync=off"
    control = ("pg_ctl", "--pgdata", f"{folder}/data", "--wait")
    try:
        _succeed(
            server.run(
                *("initdb", "--pgdata", f"{folder}/data", "--username", "superuser"),
                *("--auth-local", "scram-sha-256", "--pwfile", _password_file(server)),
                "--no-sync",
            )
        )
        _succeed(server.run(*control, "--log", f"{folder}/log", "--options", options, "start"))
        _make_master(server)
        yield server
    finally:
        server.run(*control, "--mode", "immediate", "stop")
        shutil.rmtree(folder)


def _password_file(server: Server) -> str:
    file = server.folder / "password"
    file.write_text("superuser-password")
    file.chmod(0o644)
    return str(file)


def _make_master(server: Server) -> None:
    """RDS's master user may create roles and owns the database, and is no superuser."""
    for sql in (
        f"CREATE ROLE {ADMIN} LOGIN CREATEROLE CREATEDB PASSWORD 'admin-password'",
        f"CREATE DATABASE {POSTGRES_DATABASE} OWNER {ADMIN}",
    ):
        _succeed(
            server.run(
                *("psql", "--host", str(server.folder), "--username", "superuser"),
                *("--command", sql, "postgres"),
                PGPASSWORD="superuser-password",
            )
        )


def _succeed(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def app(manifests: dict[str, dict[App, list[Manifest]]]) -> dict[App, list[Manifest]]:
    return manifests["prod"]


def run_job(server: Server, app: dict[App, list[Manifest]], *, password: str) -> str:
    """Runs the job's own command on the files of its pod, and returns its output."""
    container = _container(app)
    files = server.folder / "files"
    values = {
        "host": str(server.folder),
        "port": "5432",
        "database": POSTGRES_DATABASE,
        "username": ADMIN,
        "password": "admin-password",
        "app_password": password,
    }
    external = one(app[App.SECRETS], "ExternalSecret", Secret.POSTGRES_ADMIN)
    contents = {
        name: _fill(template, values)
        for name, template in external["spec"]["target"]["template"]["data"].items()
    } | one(app[App.DATABASE_USERS], "ConfigMap")["data"]
    files.mkdir(exist_ok=True)
    for name, text in contents.items():
        (files / name).write_text(text)
    folders = {mount["mountPath"] for mount in container["volumeMounts"]}
    command = [
        re.sub("|".join(sorted(folders, key=len, reverse=True)), str(files), part)
        for part in (*container["command"], *container["args"])
    ]
    done = server.run(*command, PGSERVICEFILE=str(files / "pg_service.conf"))
    _succeed(done)
    return done.stdout + done.stderr


def _fill(template: str, values: dict[str, str]) -> str:
    """The Go template as the operator fills it, for the functions that our templates use."""

    def value(match: re.Match[str]) -> str:
        name, *steps = (step.strip() for step in match[1].split("|"))
        filled = values[name.removeprefix(".")]
        for step in steps:
            function, *arguments = re.findall(r'"(?:\\.|[^"])*"|\w+', step)
            if function == "replace":
                old, new = map(json.loads, arguments)
                filled = filled.replace(old, new)
            else:
                assert function == "urlquery", step
                filled = quote_plus(filled)
        return filled

    return re.sub(r"\{\{(.*?)\}\}", value, template)


def _container(app: dict[App, list[Manifest]]) -> Manifest:
    container: Manifest
    (container,) = one(app[App.DATABASE_USERS], "Job")["spec"]["template"]["spec"]["containers"]
    return container


def test_the_application_can_make_tables_in_its_schema_and_nowhere_else(
    server: Server, app: dict[App, list[Manifest]]
) -> None:
    run_job(server, app, password=FIRST_PASSWORD)

    def as_app(sql: str) -> str:
        return server.query(sql, user=POSTGRES_APP_USER, password=FIRST_PASSWORD)

    assert "INSERT 0 1" in as_app("CREATE TABLE runs (id int); INSERT INTO runs VALUES (7)")
    assert as_app("SELECT id FROM eval_platform.runs") == "7"
    assert "permission denied" in as_app("CREATE TABLE public.stray (id int)")
    assert "permission denied" in as_app("CREATE ROLE friend")
    assert "permission denied" in as_app("CREATE DATABASE other")


def test_a_second_run_sets_the_rotated_password_and_keeps_the_data(
    server: Server, app: dict[App, list[Manifest]]
) -> None:
    run_job(server, app, password=FIRST_PASSWORD)
    server.query(
        "CREATE TABLE runs AS SELECT 7 AS id", user=POSTGRES_APP_USER, password=FIRST_PASSWORD
    )

    run_job(server, app, password=AWKWARD_PASSWORD)

    kept = server.query("SELECT id FROM runs", user=POSTGRES_APP_USER, password=AWKWARD_PASSWORD)
    assert kept == "7"
    refused = server.query("SELECT 1", user=POSTGRES_APP_USER, password=FIRST_PASSWORD)
    assert "password authentication failed" in refused


def test_previews_of_pull_requests_make_their_tables_in_another_schema(
    server: Server,
) -> None:
    app = build(PREVIEWED)
    run_job(server, app, password=FIRST_PASSWORD)
    postgres = one(previews.build(PREVIEWED), "ExternalSecret", Secret.POSTGRES)
    _, at, options = postgres["spec"]["target"]["template"]["data"]["url"].rpartition("&options=")
    assert at

    done = server.run(
        *("psql", "--no-psqlrc", "--no-password"),
        f"postgresql://{POSTGRES_APP_USER}@/{POSTGRES_DATABASE}"
        f"?host={quote_plus(str(server.folder))}&options={options}",
        *("--command", "CREATE TABLE runs AS SELECT 7 AS id"),
        PGPASSWORD=FIRST_PASSWORD,
    )

    _succeed(done)

    def as_app(sql: str) -> str:
        return server.query(sql, user=POSTGRES_APP_USER, password=FIRST_PASSWORD)

    assert as_app(f"SELECT id FROM {POSTGRES_PREVIEW_SCHEMA}.runs") == "7"
    assert "does not exist" in as_app("SELECT id FROM runs")


def test_without_previews_there_is_no_schema_for_them(
    server: Server, app: dict[App, list[Manifest]]
) -> None:
    run_job(server, app, password=FIRST_PASSWORD)

    schemas = server.query(
        f"SELECT count(*) FROM pg_namespace WHERE nspname = '{POSTGRES_PREVIEW_SCHEMA}'",
        user=POSTGRES_APP_USER,
        password=FIRST_PASSWORD,
    )

    assert schemas == "0"


def test_a_role_without_grants_cannot_connect(
    server: Server, app: dict[App, list[Manifest]]
) -> None:
    run_job(server, app, password=FIRST_PASSWORD)
    server.query(
        "CREATE ROLE without_grants LOGIN PASSWORD 'pass'", user=ADMIN, password="admin-password"
    )

    output = server.query("SELECT 1", user="without_grants", password="pass")

    assert "permission denied for database" in output


def test_no_password_reaches_the_server_log_or_the_pod_log(
    server: Server, app: dict[App, list[Manifest]]
) -> None:
    printed = run_job(server, app, password=FIRST_PASSWORD)

    assert "CREATE SCHEMA" in server.log, "the server does not log what the test looks for"
    assert FIRST_PASSWORD not in server.log + printed


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_the_job_verifies_the_server_before_it_sends_the_password(
    name: str, manifests: dict[str, dict[App, list[Manifest]]]
) -> None:
    external = one(manifests[name][App.SECRETS], "ExternalSecret", Secret.POSTGRES_ADMIN)
    service = external["spec"]["target"]["template"]["data"]["pg_service.conf"]

    assert "sslmode=verify-full" in service.splitlines()


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_only_the_job_has_the_administrators_password(
    name: str, manifests: dict[str, dict[App, list[Manifest]]]
) -> None:
    readers = {
        app
        for app, objects in manifests[name].items()
        if f"'{Secret.POSTGRES_ADMIN}'" in str(objects)
    }

    assert readers == {App.SECRETS, App.DATABASE_USERS}


def test_argo_cd_runs_the_job_in_every_sync(app: dict[App, list[Manifest]]) -> None:
    job = one(app[App.DATABASE_USERS], "Job")
    annotations = job["metadata"]["annotations"]

    assert annotations["argocd.argoproj.io/hook"] == "Sync"
    assert annotations["argocd.argoproj.io/hook-delete-policy"] == "BeforeHookCreation"
    # One that vanished by itself would be started again and again.
    assert "ttlSecondsAfterFinished" not in job["spec"]
