"""A real control plane, once for a module, where the programs are at hand."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from environments.catalog import EKS_VERSIONS
from environments.names import SERVICE_CIDR
from environments.registry import ENVIRONMENTS
from evalctl.rehearsal.cluster.control_plane import ControlPlane, choose_address, control_plane
from evalctl.rehearsal.cluster.programs import VARIABLE, Programs, find
from tests.support import tools

MINOR = ENVIRONMENTS[0].cluster.kubernetes_version
assert MINOR in EKS_VERSIONS


@pytest.fixture(scope="session")
def programs() -> Programs:
    tools.folder(VARIABLE, holding="the programs of a control plane")
    return find(MINOR)


@pytest.fixture(scope="module", name="control_plane")
def plane(programs: Programs, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A running control plane, whose loop runs in the test's thread only between tests."""
    with asyncio.Runner() as runner:
        context = running_plane(programs, tmp_path_factory.mktemp("plane"))
        running = runner.run(context.__aenter__())
        try:
            yield running
        finally:
            runner.run(context.__aexit__(None, None, None))


@asynccontextmanager
async def running_plane(programs: Programs, folder: Path) -> AsyncIterator[ControlPlane]:
    async def nowhere(_host: str, _port: int) -> int | None:
        return None

    async with control_plane(
        programs,
        folder,
        address=choose_address(folder),
        context="rehearsed",
        service_range=SERVICE_CIDR,
        resolve=nowhere,
    ) as plane:
        yield plane
