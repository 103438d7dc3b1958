"""The cluster half of a rehearsal: day one, its checks, and the teardown."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from environments.names import Names
from environments.spec import Environment
from evalctl.processes import CommandFailedError
from evalctl.rehearsal.cluster import day_one, secrets, teardown
from evalctl.rehearsal.cluster.applications import NotSettledError
from evalctl.rehearsal.cluster.checks import (
    admission,
    capacity,
    day_two,
    disruption,
    faults,
    first_sync,
    go_live,
    losses,
    monitoring,
    next_addon_set,
    next_minor,
    previews,
    running,
    scaling,
    windows,
)
from evalctl.rehearsal.cluster.checks import secrets as secret_checks
from evalctl.rehearsal.cluster.cluster import Cluster, rehearsed_cluster, stood_in
from evalctl.rehearsal.cluster.control_plane import Address
from evalctl.rehearsal.cluster.programs import Programs
from evalctl.rehearsal.cluster.result import Result, result
from evalctl.rehearsal.cluster.served.problem import NotServedError
from evalctl.rehearsal.cluster.served.replacements import Windows
from evalctl.rehearsal.cluster.state import API_ERRORS
from evalctl.rehearsal.emulator import EmulatedAws, emulated_aws
from evalctl.servers import NotStartedError

Check = Callable[[Cluster], Awaitable[Result | list[Result]]]

_QUIET_SECONDS = 120  # in which nothing may flap
_FASTER = 5  # how much faster the autoscaler is, unless everything is rehearsed

# What only `--full` does, after the rest of day two, with the workers at their maximum.
FULL: tuple[Check, ...] = (
    losses.without_a_general_node,
    losses.without_the_largest_spot_zone,
    losses.spot_reclaim,
    disruption.update,
    scaling.without_prometheus_adapter,
    scaling.without_metrics_server,
    day_two.maximum_changes,
    day_two.storage_grows,
    secret_checks.without_a_key,
    secret_checks.without_provider_keys,
    faults.bad_merges,
    faults.namespace_prune_waits,
    faults.stack_prune_waits,
    faults.controller_killed,
    faults.api_server_restarted,
    previews.check,
    next_addon_set.check,  # as docs/upgrades.md has it: the charts before the minor
    next_minor.check,  # the last: the cluster stays on it
)


class Events(Protocol):
    """Takes what happens, in its order."""

    def step(self, what: str, seconds: float) -> None:
        """A step has ended."""

    def note(self, line: str) -> None:
        """A fact that a reader of the results needs."""

    def result(self, found: Result) -> None:
        """A check has ended."""


@dataclass(frozen=True, kw_only=True)
class Setup:
    """What the cluster half starts from."""

    env: Environment
    checkout: Path
    programs: Programs
    folder: Path
    address: Address
    full: bool  # all checks, unscaled


@asynccontextmanager
async def aws_without_stacks(setup: Setup) -> AsyncIterator[EmulatedAws]:
    """An emulated AWS with only what the cluster half reads: the EKS cluster's address and the secrets."""
    names = Names(setup.env)
    log = setup.folder / "emulator.log"
    with emulated_aws(setup.env.account, log, eks_endpoint=setup.address.url) as aws:
        secrets.create(names, setup.checkout / "rendered", aws)
        aws.client("eks").create_cluster(
            name=names.cluster,
            version=setup.env.cluster.kubernetes_version,
            roleArn=f"arn:aws:iam::{setup.env.account.id}:role/rehearsal",
            resourcesVpcConfig={"subnetIds": []},
        )
        yield aws


def cluster_of(setup: Setup, aws: EmulatedAws) -> AbstractAsyncContextManager[Cluster]:
    """The cluster of a setup, whose secrets have no values yet."""
    return rehearsed_cluster(
        setup.env,
        checkout=setup.checkout,
        programs=setup.programs,
        folder=setup.folder,
        address=setup.address,
        aws=aws,
        windows=Windows.OPEN,
        faster=1 if setup.full else _FASTER,
    )


async def rehearse_cluster(
    setup: Setup,
    *,
    aws: EmulatedAws,
    events: Events,
    deployed: asyncio.Event | None = None,
    kept: Callable[[Cluster], Awaitable[None]] | None = None,
) -> None:
    """Bring the cluster up, check it, and tear it down; `kept` runs before the teardown.

    The control plane starts at once, and the rest when `deployed` is set: then the account is complete.

    Raises:
        NotServedError, NotStartedError: the cluster did not come up.
    """
    started = time.monotonic()
    async with cluster_of(setup, aws) as cluster:
        for line in stood_in(cluster):
            events.note(line)
        events.step("control plane", time.monotonic() - started)
        if deployed is not None:
            await deployed.wait()
        events.note(fill_secrets(cluster))
        if await _day_one(cluster, events):
            await _settled(cluster, events)
            await _day_two(cluster, events, full=setup.full)
        if kept is not None:
            await kept(cluster)
        await _end(cluster, events, full=setup.full)


def fill_secrets(cluster: Cluster) -> str:
    """Give values to the secrets that no stack gives one; returns the note about it."""
    filled = secrets.fill(
        cluster.names,
        cluster.served.folder / "rendered",
        cluster.aws,
        authority=cluster.plane.authority.pair.certificate,
    )
    return f"secrets that people and nodes fill in: random values in {', '.join(filled)}"


async def _day_one(cluster: Cluster, events: Events) -> bool:
    """Whether the first sync came through."""
    started = time.monotonic()
    try:
        await day_one.bootstrap(cluster)
    except CommandFailedError as error:
        events.result(result("evalctl bootstrap", [error.reason], ""))
        return False
    took = time.monotonic() - started
    events.result(result("evalctl bootstrap", [], f"{took:.0f} s"))
    try:
        watched = await day_one.first_sync(cluster, events.step)
    except NotSettledError as error:
        events.result(result("the first sync comes through", str(error).splitlines(), ""))
        return False
    for found in first_sync.check(watched, limit_seconds=day_one.LIMIT_SECONDS):
        events.result(found)
    return True


async def _settled(cluster: Cluster, events: Events) -> None:
    """What reads only, while nothing may change."""

    async def one_by_one() -> None:
        for check in (
            running.pods,
            running.services,
            disruption.budgets,
            admission.check,
            secret_checks.arrived,
            secret_checks.rotated,
            first_sync.second_sync,
            go_live.check,
            monitoring.check,
        ):
            await _run(check, cluster, events)

    async with asyncio.TaskGroup() as group:
        group.create_task(_run(_quiet, cluster, events))
        group.create_task(one_by_one())


async def _quiet(cluster: Cluster) -> Result:
    return await first_sync.flapping(cluster, seconds=_QUIET_SECONDS)


async def _day_two(cluster: Cluster, events: Events, *, full: bool) -> None:
    """What changes the cluster: the workers are at their maximum from the burst on."""
    checks: list[Check] = [
        *([scaling.up_and_down] if full else []),
        scaling.burst,
        # Those of other nodes first, while the workers' nodes start: that takes more than a minute.
        capacity.rollouts_on_general,
        capacity.at_the_maximum,
        capacity.rollouts_on_workers,
        disruption.each_node if full else disruption.one_of_each_group,
        *([windows.check] if cluster.env.sync_windows else []),
        *(FULL if full else ()),
    ]
    for check in checks:
        await _run(check, cluster, events)


async def _run(check: Check, cluster: Cluster, events: Events) -> None:
    for each in await ended(check, cluster):
        events.result(each)


async def ended(check: Check, cluster: Cluster) -> list[Result]:
    """The results of a check; one that the cluster or a command does not let end has failed."""
    try:
        found = await check(cluster)
    except (*API_ERRORS, CommandFailedError, NotServedError, NotStartedError, ValueError) as error:
        name = f"the check {check.__module__.rpartition('.')[2]}.{check.__name__} ends"
        return [result(name, [f"{type(error).__name__}: {error}"], "")]
    return found if isinstance(found, list) else [found]


async def _end(cluster: Cluster, events: Events, *, full: bool) -> None:
    protected = cluster.env.database.deletion_protection
    if protected:
        events.result(await teardown.refused(cluster))
        events.note(teardown.lift_protection(cluster))
    if full:
        events.result(await teardown.stopped_halfway(cluster))
    events.result(await teardown.check(cluster))
    if full:
        if cluster.env.sync_windows:
            await _run(windows.first_day, cluster, events)
            if protected:
                teardown.lift_protection(cluster)
            events.result(await teardown.check(cluster))
        events.result(await teardown.in_the_first_sync(cluster))
