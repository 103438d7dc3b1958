"""The whole life of an environment: deployment, a second plan, verification and teardown."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path

from environments.names import Bucket, Names, Stack
from environments.spec import Environment
from evalctl.rehearsal.checks import nothing_left, promised_account, second_plan
from evalctl.rehearsal.cluster.result import Result
from evalctl.rehearsal.emulated_environment import (
    EmulatedEnvironment,
    Progress,
    emulated_environment,
)
from evalctl.rehearsal.emulator import EmulatedAws
from evalctl.rehearsal.leftovers import leftovers
from evalctl.rehearsal.working_directory import WorkingDirectory

ClusterHalf = Callable[[EmulatedAws, asyncio.Event], Coroutine[None, None, None]]
Found = Callable[[Result], None]  # a check has ended


async def rehearse(
    env: Environment,
    *,
    rendered: Path,
    progress: Progress,
    found: Found,
    eks_endpoint: str | None = None,
    cluster_half: ClusterHalf | None = None,
) -> None:
    """Deploy an environment to an empty account, verify it and tear it down; no failed check ends this early.

    `cluster_half` begins with the account, and ends before the teardown. Its event is set when the account is
    deployed and compared with the value. The account's cluster has the address `eks_endpoint`.

    Raises:
        TerraformError: terraform failed.
    """
    async with emulated_environment(
        env, rendered=rendered, progress=progress, eks_endpoint=eks_endpoint
    ) as emulated:
        deployed = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            if cluster_half is not None:
                group.create_task(cluster_half(emulated.aws, deployed))
            await deploy(emulated)
            found(await promised_account(emulated))  # before the cluster half fills in secrets
            deployed.set()
            found(await second_plan(emulated))
        before = await asyncio.to_thread(leftovers, env, emulated.aws)
        await tear_down(emulated)
        found(await nothing_left(emulated, before=before))


async def deploy(emulated: EmulatedEnvironment) -> None:
    """Create the state bucket in an empty account, then every stack with its state there."""

    async def apply(directory: WorkingDirectory) -> None:
        directory.override(emulated.aws, local_state=False)
        await emulated.terraform.init(directory)
        await emulated.terraform.apply(directory)

    async with asyncio.TaskGroup() as group:
        group.create_task(create_state_bucket(emulated))
        # The provider waits for a minute after the lifecycle rules of this bucket; no other stack needs them.
        await _state_can_be_stored(emulated)
        await emulated.each("apply", apply)


async def _state_can_be_stored(emulated: EmulatedEnvironment) -> None:
    """Wait until the state bucket keeps versions; `create_state_bucket` ends the wait if it fails."""
    s3, bucket = emulated.aws.client("s3"), Names(emulated.env).bucket(Bucket.STATE)

    def versioned() -> bool:
        try:
            return bool(s3.get_bucket_versioning(Bucket=bucket).get("Status") == "Enabled")
        except s3.exceptions.ClientError:  # there is no such bucket yet
            return False

    while not await asyncio.to_thread(versioned):
        await asyncio.sleep(1)


async def create_state_bucket(emulated: EmulatedEnvironment) -> None:
    """Create it with a local state, then move that state into it."""

    async def create(directory: WorkingDirectory) -> None:
        directory.override(emulated.aws, local_state=True)
        await emulated.terraform.init(directory)
        await emulated.terraform.apply(directory)
        directory.override(emulated.aws, local_state=False)
        await emulated.terraform.init(directory, "-migrate-state", "-force-copy")
        await emulated.terraform.require_no_changes(directory)

    await emulated.timed("apply", create, emulated.directories[Stack.STATE])


async def tear_down(emulated: EmulatedEnvironment) -> None:
    """Destroy the stacks in reverse order, without their deletion protection, the state bucket last."""

    async with asyncio.TaskGroup() as group:
        # For a database this takes more than a minute, so none waits for the stacks that are destroyed before it.
        lifted: dict[Stack, asyncio.Task[None]] = {
            stack: group.create_task(lift_deletion_protection(emulated, directory))
            for stack, directory in emulated.directories.items()
            if stack is not Stack.STATE
        }

        async def destroy(directory: WorkingDirectory) -> None:
            await lifted[directory.stack]
            await emulated.terraform.destroy(directory)

        await emulated.each("destroy", destroy, reverse=True)
    await remove_state_bucket(emulated)


async def lift_deletion_protection(
    emulated: EmulatedEnvironment, directory: WorkingDirectory
) -> None:
    """Lift Terraform's `prevent_destroy` in the override, and AWS' deletion protection by an apply."""
    directory.override(emulated.aws, local_state=False, unprotected=True)
    if _protected_by_aws(directory):
        await emulated.terraform.apply(directory)


async def remove_state_bucket(emulated: EmulatedEnvironment) -> None:
    """Move the bucket's state out of it, empty it and destroy it."""

    async def remove(directory: WorkingDirectory) -> None:
        directory.override(emulated.aws, local_state=True, unprotected=True)
        await emulated.terraform.init(directory, "-migrate-state", "-force-copy")
        await asyncio.to_thread(_empty_state_and_logs, emulated)
        await emulated.terraform.destroy(directory)

    await emulated.timed("destroy", remove, emulated.directories[Stack.STATE])


def _protected_by_aws(directory: WorkingDirectory) -> bool:
    """Whether AWS refuses to delete one of the stack's resources before an apply changes it."""
    return any(
        body.get("deletion_protection")
        for named in directory.synthesized["resource"].values()
        for body in named.values()
    )


def _empty_state_and_logs(emulated: EmulatedEnvironment) -> None:
    """Logging is disabled first: every further request would add an object to the logs."""
    names = Names(emulated.env)
    state = names.bucket(Bucket.STATE)
    emulated.aws.client("s3").put_bucket_logging(Bucket=state, BucketLoggingStatus={})
    for bucket in (state, names.bucket(Bucket.ACCESS_LOGS)):
        _empty(emulated.aws, bucket)


def _empty(aws: EmulatedAws, bucket: str) -> None:
    s3 = aws.client("s3")
    # All pages are read first: the emulator finds no next page once this page's last object is gone.
    versions = [
        version
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket)
        for version in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
    ]
    for version in versions:
        s3.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
