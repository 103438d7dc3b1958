"""An emulated account that several files share: a cluster takes minutes to deploy."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from environments.dev import DEV
from environments.names import Stack
from evalctl.rehearsal.emulated_environment import EmulatedEnvironment, emulated_environment
from evalctl.rehearsal.rehearse import create_state_bucket
from evalctl.rehearsal.working_directory import WorkingDirectory
from tests.evalctl.rehearsal.accounts import Loop, opened, print_progress, require_terraform

# The cluster's stack, and those whose states it reads.
STACKS = (Stack.NETWORK, Stack.SECRETS, Stack.STORAGE, Stack.CLUSTER)


@pytest.fixture(scope="session")
def account(rendered: Path) -> Iterator[tuple[EmulatedEnvironment, Loop]]:
    """An account with its state bucket, and with what tests before this one have deployed."""
    require_terraform()
    with opened(emulated_environment(DEV, rendered=rendered, progress=print_progress)) as (
        emulated,
        loop,
    ):
        loop(create_state_bucket(emulated))
        yield emulated, loop


@pytest.fixture(scope="session")
def account_with_cluster(
    account: tuple[EmulatedEnvironment, Loop],
) -> tuple[EmulatedEnvironment, Loop]:
    """The same after the apply of the cluster's stack."""
    emulated, loop = account

    async def apply(directory: WorkingDirectory) -> None:
        if directory.stack in STACKS:
            directory.override(emulated.aws, local_state=False)
            await emulated.terraform.init(directory)
            await emulated.terraform.apply(directory)

    loop(emulated.each("apply", apply))
    return account
