"""The end of a cluster: `evalctl teardown` empties it, and nothing is left."""

import asyncio
import json
import time
from collections.abc import AsyncIterator

from lightkube import AsyncClient
from lightkube.resources.admissionregistration_v1 import (
    MutatingWebhookConfiguration,
    ValidatingWebhookConfiguration,
)
from lightkube.resources.apiregistration_v1 import APIService
from lightkube.resources.apps_v1 import DaemonSet, Deployment, StatefulSet
from lightkube.resources.core_v1 import Namespace, PersistentVolume, Service
from lightkube.resources.networking_v1 import Ingress
from lightkube.resources.rbac_authorization_v1 import ClusterRole, ClusterRoleBinding

from environments.names import ARGOCD_NAMESPACE, Addon, Stack
from evalctl.processes import CommandFailedError
from evalctl.rehearsal.cluster import applications, day_one
from evalctl.rehearsal.cluster.applications import Application, application_of
from evalctl.rehearsal.cluster.cluster import PROMETHEUS_ADAPTER, Cluster
from evalctl.rehearsal.cluster.commands import evalctl
from evalctl.rehearsal.cluster.result import Result, result
from evalctl.rehearsal.cluster.state import Described, full_name, name_of, namespace_of
from evalctl.rehearsal.cluster.waiting import until

_BEGINS_SECONDS = 120
_MIDDLE_SECONDS = 300
_OWN = ("default", "kube-node-lease", "kube-public", "kube-system", ARGOCD_NAMESPACE)


async def refused(cluster: Cluster) -> Result:
    """A protected environment is not torn down."""
    try:
        await _teardown(cluster)
    except CommandFailedError as error:
        found = error.output or error.reason
        problems = [] if "nothing was changed" in found else [found]
    else:
        problems = ["it was torn down"]
    return result(
        "teardown refuses while the environment protects its data",
        problems,
        f"refused: database.deletion_protection in environments/{cluster.env.name}.py",
    )


def lift_protection(cluster: Cluster) -> str:
    """In the served copy, do what docs/teardown.md lets a person do first; returns the note about it."""
    value = cluster.served.folder / "environments" / f"{cluster.env.name}.py"
    text = value.read_text()
    value.write_text(text.replace("deletion_protection=True", "deletion_protection=False"))
    rendered = cluster.served.folder / cluster.names.stack_file(Stack.DATABASE)
    document = json.loads(rendered.read_text())
    for database in document["resource"]["aws_db_instance"].values():
        database["deletion_protection"] = False
    rendered.write_text(json.dumps(document))
    return f"database.deletion_protection of {cluster.env.name}: lifted before the teardown"


async def stopped_halfway(cluster: Cluster) -> Result:
    """Stop a teardown when it deletes the first Application, and take prometheus-adapter away.

    `check` is the second attempt, and must come through from there.
    """
    name = "a teardown can be stopped halfway"
    attempt = asyncio.create_task(_teardown(cluster))

    async def deleting() -> list[str]:
        if attempt.done():
            return []
        found = [each async for each in _being_deleted(cluster)]
        return [] if found else ["no Application is being deleted"]

    problems = await until(deleting, seconds=_BEGINS_SECONDS)
    ended = attempt.done()
    attempt.cancel()
    await asyncio.wait([attempt])
    if ended:
        problems.append("it ended before it was stopped")
    cluster.services.pop(PROMETHEUS_ADAPTER)
    left = await applications.read(cluster.client)
    return result(
        name, problems, f"{len(left)} Applications were left, and {PROMETHEUS_ADAPTER[1]} was away"
    )


async def check(cluster: Cluster) -> Result:
    """Tear the cluster down; nothing of the platform may be left in it but Argo CD."""
    started = time.monotonic()
    left = await _torn_down(cluster)
    cluster.services[PROMETHEUS_ADAPTER] = cluster.queue.port  # `stopped_halfway` took it away
    return result(
        "teardown ends, and leaves nothing but Argo CD",
        left,
        f"{time.monotonic() - started:.0f} s",
    )


async def in_the_first_sync(cluster: Cluster) -> Result:
    """Bootstrap again, and tear down while the first waves of the sync run."""
    first = cluster.names.application(Addon.EXTERNAL_SECRETS)

    async def in_the_middle() -> list[str]:
        state = (await applications.read(cluster.client)).get(first)
        return [] if state is not None and state.settled else [f"{first} is not there yet"]

    name = "a teardown in the middle of a first sync ends"
    try:
        await day_one.bootstrap(cluster)
    except CommandFailedError as error:
        return result(name, [error.reason], "")
    problems = await until(in_the_middle, seconds=_MIDDLE_SECONDS)
    states = (await applications.read(cluster.client)).values()
    settled = sum(state.settled for state in states)
    started = time.monotonic()
    problems += await _torn_down(cluster)
    return result(
        name,
        problems,
        f"{time.monotonic() - started:.0f} s, when {settled} of {len(states)} Applications were Synced and Healthy",
    )


async def _torn_down(cluster: Cluster) -> list[str]:
    """Run `evalctl teardown`; what it reports or leaves."""
    try:
        await _teardown(cluster)
    except CommandFailedError as error:
        return [error.output or error.reason]
    return [line async for line in _left(cluster)]


async def _teardown(cluster: Cluster) -> str:
    return await evalctl(
        "teardown",
        cluster.env.name,
        "--only-cluster",
        "--yes",
        "--context",
        cluster.plane.context,
        checkout=cluster.served.folder,
        environment=cluster.environment,
    )


async def _being_deleted(cluster: Cluster) -> AsyncIterator[str]:
    async for each in cluster.client.list(Application, namespace=ARGOCD_NAMESPACE):
        if each.metadata is not None and each.metadata.deletionTimestamp is not None:
            yield str(each.metadata.name)


async def _left(cluster: Cluster) -> AsyncIterator[str]:
    own = {cluster.names.argocd_installation}
    for name in await applications.read(cluster.client):
        if name not in own:
            yield f"Application {name} is left"
    async for namespace in cluster.client.list(Namespace):
        assert namespace.metadata is not None
        if namespace.metadata.name not in _OWN:
            yield f"Namespace {namespace.metadata.name} is left"
    async for volume in cluster.client.list(PersistentVolume):
        assert volume.metadata is not None
        yield f"PersistentVolume {volume.metadata.name} is left"
    async for ingress in cluster.client.list(Ingress, namespace="*"):
        yield f"Ingress {full_name(ingress)} is left"
    for item in await _synced(cluster.client):
        if application_of(item) not in {"", *own}:
            where = f"{namespace_of(item)}/{name_of(item)}".removeprefix("/")
            yield f"{type(item).__name__} {where} is left"


async def _synced(client: AsyncClient) -> list[Described]:
    """Of what Argo CD syncs, the kinds that work or can hinder others when they are left."""
    return [
        *[each async for each in client.list(APIService)],
        *[each async for each in client.list(ClusterRole)],
        *[each async for each in client.list(ClusterRoleBinding)],
        *[each async for each in client.list(MutatingWebhookConfiguration)],
        *[each async for each in client.list(ValidatingWebhookConfiguration)],
        *[each async for each in client.list(DaemonSet, namespace="*")],
        *[each async for each in client.list(Deployment, namespace="*")],
        *[each async for each in client.list(Service, namespace="*")],
        *[each async for each in client.list(StatefulSet, namespace="*")],
    ]
