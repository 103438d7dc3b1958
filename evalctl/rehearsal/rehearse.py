"""The whole life of an environment: first day, second plan, promises kept, teardown, nothing left."""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from environments.names import Bucket, Names, Stack
from environments.spec import Environment
from evalctl.rehearsal.emulator import EmulatedAws, emulated_aws
from evalctl.rehearsal.leftovers import leftovers
from evalctl.rehearsal.promises import broken_promises
from evalctl.rehearsal.terraform import Terraform
from evalctl.rehearsal.workspace import Workspace, workspace

# Each terraform keeps a core busy while its provider starts, and mostly waits after that.
SIDE_BY_SIDE = 3

Progress = Callable[[str, Stack, float], None]  # phase, stack, seconds that it took
Step = Callable[[Workspace], Awaitable[None]]


class RehearsalError(Exception):
    """What was applied is not what was promised, or something was left behind."""


@dataclass(frozen=True)
class Stage:
    """An emulated AWS, and a workspace for every stack of one environment."""

    env: Environment
    aws: EmulatedAws
    terraform: Terraform
    workspaces: Mapping[Stack, Workspace]
    progress: Progress

    async def each(self, phase: str, step: Step, *, backwards: bool = False) -> None:
        """Take the step in every stack but `state`, each as soon as those it depends on are done."""
        places = asyncio.Semaphore(SIDE_BY_SIDE)
        stacks = dict(self.workspaces)
        del stacks[Stack.STATE]
        tasks: dict[Stack, asyncio.Task[None]] = {}

        async def when_ready(stack: Stack) -> None:
            await asyncio.gather(*(tasks[other] for other in stacks if before(other, stack)))
            async with places:
                await self.timed(phase, step, stacks[stack])

        def before(one: Stack, other: Stack) -> bool:
            return other in stacks[one].needs if backwards else one in stacks[other].needs

        async with asyncio.TaskGroup() as group:
            for stack in stacks:
                tasks[stack] = group.create_task(when_ready(stack))

    async def timed(self, phase: str, step: Step, workspace: Workspace) -> None:
        started = time.monotonic()
        await step(workspace)
        self.progress(phase, workspace.stack, time.monotonic() - started)


@asynccontextmanager
async def stage(env: Environment, *, rendered: Path, progress: Progress) -> AsyncIterator[Stage]:
    """Everything a rehearsal needs; nothing of it is left afterwards."""
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as scratch:
        workspaces = {
            stack: workspace(rendered / env.name, stack, Path(scratch)) for stack in Stack
        }
        with emulated_aws(env.account, Path(scratch, "emulator.log")) as aws:
            yield Stage(env, aws, Terraform(aws), workspaces, progress)


async def rehearse(env: Environment, *, rendered: Path, progress: Progress) -> None:
    """Rehearse everything an environment goes through.

    Raises:
        TerraformError: terraform failed, or a second plan was not empty.
        RehearsalError: a promise is broken, or the account is not empty at the end.
    """
    async with stage(env, rendered=rendered, progress=progress) as stage_:
        await first_day(stage_)
        await stage_.each("plan", stage_.terraform.require_no_changes)
        problems = await asyncio.to_thread(broken_promises, env, stage_.aws)
        if problems:
            raise RehearsalError(
                "\n".join(["The account does not hold what was promised:", *problems])
            )
        await tear_down(stage_)
        left = await asyncio.to_thread(leftovers, env, stage_.aws)
        if left:
            raise RehearsalError("\n".join(["After the teardown there are still:", *left]))


async def first_day(stage: Stage) -> None:
    """From an empty account: the state bucket, then everything that keeps its state there."""

    async def apply(workspace: Workspace) -> None:
        workspace.override(stage.aws, local_state=False)
        await stage.terraform.init(workspace)
        await stage.terraform.apply(workspace)

    await make_state_bucket(stage)
    await stage.each("apply", apply)


async def make_state_bucket(stage: Stage) -> None:
    """With a local state, and that state moved into it."""

    async def make(workspace: Workspace) -> None:
        workspace.override(stage.aws, local_state=True)
        await stage.terraform.init(workspace)
        await stage.terraform.apply(workspace)
        workspace.override(stage.aws, local_state=False)
        await stage.terraform.init(workspace, "-migrate-state", "-force-copy")
        await stage.terraform.require_no_changes(workspace)

    await stage.timed("apply", make, stage.workspaces[Stack.STATE])


async def tear_down(stage: Stage) -> None:
    """Backwards, guards lifted on purpose; the state bucket last."""

    async def destroy(workspace: Workspace) -> None:
        await lift_guards(stage, workspace)
        await stage.terraform.destroy(workspace)

    await stage.each("destroy", destroy, backwards=True)
    await remove_state_bucket(stage)


async def lift_guards(stage: Stage, workspace: Workspace) -> None:
    """What Terraform itself would refuse to destroy, and what AWS would."""
    workspace.override(stage.aws, local_state=False, unprotected=True)
    if _guarded(workspace):
        await stage.terraform.apply(workspace)


async def remove_state_bucket(stage: Stage) -> None:
    """Emptied, and with a local state again."""

    async def remove(workspace: Workspace) -> None:
        workspace.override(stage.aws, local_state=True, unprotected=True)
        await stage.terraform.init(workspace, "-migrate-state", "-force-copy")
        await asyncio.to_thread(_empty_state_and_logs, stage)
        await stage.terraform.destroy(workspace)

    await stage.timed("destroy", remove, stage.workspaces[Stack.STATE])


def _guarded(workspace: Workspace) -> bool:
    """AWS itself refuses to delete what is protected until an apply has lifted that."""
    return any(
        body.get("deletion_protection")
        for named in workspace.synthesized["resource"].values()
        for body in named.values()
    )


def _empty_state_and_logs(stage: Stage) -> None:
    """Logging is turned off first: every further request would be one more object in the logs."""
    names = Names(stage.env)
    state = names.bucket(Bucket.STATE)
    stage.aws.client("s3").put_bucket_logging(Bucket=state, BucketLoggingStatus={})
    for bucket in (state, names.bucket(Bucket.ACCESS_LOGS)):
        _empty(stage.aws, bucket)


def _empty(aws: EmulatedAws, bucket: str) -> None:
    s3 = aws.client("s3")
    # All pages first: the emulator finds no next page once the last object of this one is gone.
    versions = [
        version
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket)
        for version in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
    ]
    for version in versions:
        s3.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
