"""The platform's servers on loopback, once for all tests that only read them."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from environments.dev import DEV
from environments.names import Names
from evalctl.conformance.platform import Platform, platform
from evalctl.conformance.scale import Scale
from evalctl.local_servers.postgres import programs_path
from tests.support import tools
from tests.support.paths import ROOT

RENDERED = ROOT / "rendered" / DEV.name


def require_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Skip where a server's program is missing."""
    monkeypatch.setenv("PATH", programs_path())
    tools.program("redis-server", get_it="apt-get install redis-server")
    tools.program("redis-cli", get_it="apt-get install redis-tools")
    tools.program("postgres", get_it="apt-get install postgresql")
    tools.program("psql", get_it="apt-get install postgresql-client")


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that PostgreSQL's user can enter; pytest's folders are for one user."""
    with tempfile.TemporaryDirectory() as scratch:
        Path(scratch).chmod(0o755)
        yield Path(scratch)


@pytest.fixture(scope="module")
def servers() -> Iterator[Platform]:
    with pytest.MonkeyPatch.context() as monkeypatch, open_folder() as folder:
        require_servers(monkeypatch)
        with platform(Names(DEV), RENDERED, folder, scale=Scale(1)) as started:
            yield started
