"""Real servers on loopback, each with a folder of its own."""

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from environments.queue_users import APPLICATION

ROOT = Path(__file__).parents[2]
ORCHESTRATOR = "workload.orchestrator"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def wait_until(condition: Callable[[], object], *, seconds: float = 90) -> None:
    """Fails if the condition does not hold within this time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.05)


@dataclass(frozen=True)
class Postgres:
    """A PostgreSQL that listens on a socket in its folder."""

    folder: Path
    user: int

    @property
    def url(self) -> str:
        return self.url_of("postgres")

    def url_of(self, database: str, *, password: str = "first") -> str:
        return f"postgresql://eval_app:{password}@/{database}?host={self.folder}"

    def start(self) -> None:
        options = f"-c listen_addresses= -c unix_socket_directories={self.folder} -c fsync=off"
        self.run("pg_ctl", *self._data, "--log", f"{self.folder}/log", "-w", "-o", options, "start")

    def stop(self) -> None:
        self.run("pg_ctl", *self._data, "-w", "--mode", "immediate", "stop")

    def run(self, *command: str) -> None:
        programs = sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)
        subprocess.run(
            command,
            user=self.user if os.geteuid() == 0 else None,  # its programs refuse to run as root
            env={"PATH": os.pathsep.join([*programs, os.environ["PATH"]])},
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            check=True,
            timeout=60,
        )

    @property
    def _data(self) -> tuple[str, str]:
        return ("--pgdata", f"{self.folder}/data")


@contextmanager
def postgres() -> Iterator[Postgres]:
    user = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else os.geteuid()
    folder = Path(tempfile.mkdtemp())
    os.chown(folder, user, -1)
    server = Postgres(folder, user)
    password = folder / "password"
    password.write_text("first")
    password.chmod(0o644)
    try:
        server.run(
            *("initdb", *server._data, "--username", "eval_app", "--auth", "scram-sha-256"),
            *("--pwfile", str(password), "--encoding", "UTF8", "--locale", "C"),
        )
        server.start()
        yield server
        server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass
class Redis:
    """A Redis that knows only the platform's user, with the access rules that are rendered."""

    folder: Path
    port: int = field(default_factory=free_port)
    password: str = "first"

    @property
    def url(self) -> str:
        return f"redis://{APPLICATION.name}:{self.password}@127.0.0.1:{self.port}/0"

    def command(self, *words: str) -> str:
        """As the administrator."""
        command = ["redis-cli", "-s", str(self.folder / "socket"), *words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    def set_password(self, password: str) -> None:
        self.password = password
        rules = (*APPLICATION.access.split(), "resetpass", f">{password}")
        assert self.command("ACL", "SETUSER", APPLICATION.name, *rules) == "OK"

    @contextmanager
    def running(self) -> Iterator[None]:
        listen = ("--bind", "127.0.0.1", "--port", str(self.port))
        options = (
            "--unixsocket",
            str(self.folder / "socket"),
            "--save",
            "",
            "--dir",
            str(self.folder),
        )
        command = ["redis-server", *listen, *options]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert any("eady to accept connections" in line for line in process.stdout)
            try:
                # The administrator of the tests uses the socket; nobody else gets in without a password.
                self.set_password(self.password)
                yield
            finally:
                process.terminate()


@dataclass
class Program:
    """One of the reference programs, with its variables and mounted files."""

    variables: dict[str, str]
    process: subprocess.Popen[bytes]
    token: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.variables['PORT']}"

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.url + path, headers=self.headers)

    def post(self, path: str, json: object = None, **headers: str) -> httpx.Response:
        return httpx.post(self.url + path, json=json, headers=self.headers | headers)

    def ready(self) -> bool:
        try:
            return self.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def metrics(self) -> str:
        return httpx.get(f"http://127.0.0.1:{self.variables['METRICS_PORT']}/metrics").text

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@contextmanager
def program(module: str, variables: Mapping[str, str], *, token: str = "") -> Iterator[Program]:
    """Starts a program; at the end it is killed, if it still runs."""
    own = dict(variables) | {"PORT": str(free_port()), "METRICS_PORT": str(free_port())}
    base = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, "-m", module], env=base | own) as process:
        try:
            yield Program(own, process, token)
        finally:
            process.kill()
