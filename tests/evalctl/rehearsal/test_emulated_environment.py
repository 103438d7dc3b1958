"""The order in which the stacks of an environment run; no terraform runs here."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from environments.dev import DEV
from environments.names import Stack
from evalctl.rehearsal.emulated_environment import PARALLELISM, EmulatedEnvironment
from evalctl.rehearsal.emulator import EmulatedAws
from evalctl.rehearsal.terraform import Terraform
from evalctl.rehearsal.working_directory import WorkingDirectory, copy_stacks

NONE_BEFORE = {Stack.NETWORK, Stack.SECRETS, Stack.STORAGE}
NONE_AFTER = {Stack.REGISTRY, Stack.BUDGET, Stack.DELIVERY}


class FailedError(Exception):
    pass


@pytest.fixture
def environment(rendered: Path, tmp_path: Path) -> EmulatedEnvironment:
    aws = cast(EmulatedAws, None)
    directories = copy_stacks(rendered / "dev", tmp_path)
    return EmulatedEnvironment(DEV, aws, Terraform(aws), directories, lambda *_: None)


class Steps:
    """Each step takes one round of the loop; a stack's step begins and ends."""

    def __init__(self) -> None:
        self.begun: list[Stack] = []
        self.ended: list[Stack] = []
        self.fails: Stack | None = None
        self.check: Callable[[WorkingDirectory], None] = lambda _: None

    async def run(self, directory: WorkingDirectory) -> None:
        self.begun.append(directory.stack)
        self.check(directory)
        assert len(self.begun) - len(self.ended) <= PARALLELISM
        await asyncio.sleep(0.001)
        if directory.stack is self.fails:
            raise FailedError
        self.ended.append(directory.stack)


@pytest.mark.parametrize("reverse", [False, True])
def test_each_stack_runs_once_after_those_that_it_waits_for(
    environment: EmulatedEnvironment, reverse: bool
) -> None:
    steps = Steps()

    def those_before_have_ended(directory: WorkingDirectory) -> None:
        for other in environment.directories.values():
            one, two = (other, directory) if reverse else (directory, other)
            if two.stack in one.dependencies - {Stack.STATE}:
                assert other.stack in steps.ended

    steps.check = those_before_have_ended
    asyncio.run(environment.each("apply", steps.run, reverse=reverse))
    assert sorted(steps.ended) == sorted(set(Stack) - {Stack.STATE})


def test_the_stacks_for_which_most_others_wait_come_first(environment: EmulatedEnvironment) -> None:
    steps = Steps()
    asyncio.run(environment.each("apply", steps.run))
    assert set(steps.begun[:3]) == NONE_BEFORE
    assert steps.begun.index(Stack.CLUSTER) == 3
    steps = Steps()
    asyncio.run(environment.each("destroy", steps.run, reverse=True))
    assert set(steps.begun[:4]) == {Stack.BACKUP, Stack.QUEUE, Stack.CLICKHOUSE, Stack.DATABASE}
    assert set(steps.begun[4:8]) >= NONE_AFTER


def test_a_failure_ends_the_phase_and_no_other_stack_begins(
    environment: EmulatedEnvironment,
) -> None:
    steps = Steps()
    steps.fails = Stack.CLUSTER
    with pytest.raises(ExceptionGroup) as failed:
        asyncio.run(environment.each("apply", steps.run))
    assert [type(error) for error in failed.value.exceptions] == [FailedError]
    assert not {Stack.DATABASE, Stack.QUEUE, Stack.CLICKHOUSE} & set(steps.begun)
