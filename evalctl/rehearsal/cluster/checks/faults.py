"""Whether the cluster comes through what breaks: a controller, the API server, a bad merge."""

import asyncio
import os
import signal
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lightkube.resources.apps_v1 import Deployment, StatefulSet
from lightkube.resources.core_v1 import Pod

from environments.names import ARGOCD_NAMESPACE, NAMESPACE, ORCHESTRATOR, Addon, App
from evalctl.rehearsal.cluster import applications
from evalctl.rehearsal.cluster.applications import Application
from evalctl.rehearsal.cluster.checks import merges, sync
from evalctl.rehearsal.cluster.cluster import Cluster
from evalctl.rehearsal.cluster.result import Result, result
from evalctl.rehearsal.cluster.served.repository import Edits
from evalctl.rehearsal.cluster.state import full_name, meta, name_of
from evalctl.rehearsal.cluster.waiting import not_ready, until

_CONTROLLER = "argocd-application-controller"
_RUNNING_SECONDS = 60
_AWAY_SECONDS = 10
_NAMED_SECONDS = 120
_SERVES_SECONDS = 10  # in which a bad merge would take what runs away
_CONFIRMATION = "pruning confirmation"


async def controller_killed(cluster: Cluster) -> Result:
    """Kill Argo CD's controller while a sync runs: a Job of the sync has not ended."""
    name = "a sync comes through although Argo CD's controller is killed in the middle"
    app = cluster.names.application(App.CLICKHOUSE_SCHEMA)
    commit = cluster.served.commit(
        "A change whose sync is interrupted",
        merges.marked(cluster, App.CLICKHOUSE_SCHEMA, "ConfigMap-clickhouse-schema.yaml"),
    )
    await sync.refresh(cluster, app)
    problems = await until(lambda: _syncing(cluster, app, commit), seconds=_RUNNING_SECONDS)
    process = cluster.supervisor.process(_CONTROLLER)
    if process is None:
        problems.append(f"{_CONTROLLER} does not run")
    else:
        os.killpg(process.pid, signal.SIGKILL)
    started = time.monotonic()
    problems += await until(lambda: _started_again(cluster, process), seconds=_RUNNING_SECONDS)
    problems += await merges.synced(cluster, app, commit)
    took = time.monotonic() - started
    problems += await merges.reverted(cluster, app)
    return result(name, problems, f"{app}: synced {took:.0f} s after the kill")


async def api_server_restarted(cluster: Cluster) -> Result:
    """Stop the API server for some seconds; nothing of what runs may be replaced by it."""
    name = "everything is Healthy after the API server was away"
    ran = _programs(cluster)
    before = await uids(cluster)
    started = time.monotonic()
    await cluster.plane.restart_api_server(cluster.programs, down_seconds=_AWAY_SECONDS)
    away = time.monotonic() - started
    problems = await merges.healthy(cluster)
    healthy = time.monotonic() - started
    # A change still comes through, so each of Argo CD's watches is there again.
    problems += await _change_comes_through(cluster)
    problems += [f"{each} does not run" for each in sorted(ran - _programs(cluster))]
    problems += replaced(before, await uids(cluster))
    return result(
        name,
        problems,
        f"away for {away:.0f} s, healthy {healthy:.0f} s after it stopped, {len(ran)} programs, {len(before)} nodes and pods as before",
    )


def _programs(cluster: Cluster) -> set[str]:
    """The local programs that run."""
    supervisor = cluster.supervisor
    return {each.name for each in supervisor.programs if supervisor.runs(each.name)}


async def _change_comes_through(cluster: Cluster) -> list[str]:
    app = cluster.names.application(App.ORCHESTRATOR)
    commit = cluster.served.commit(
        "A change", merges.marked(cluster, App.ORCHESTRATOR, f"ConfigMap-{ORCHESTRATOR.name}.yaml")
    )
    return await merges.synced(cluster, app, commit) + await merges.reverted(cluster, app)


@dataclass(frozen=True, kw_only=True)
class BadMerge:
    """A change to one file that Argo CD cannot bring into the cluster, and what it reports of it."""

    what: str
    app: App
    file: str
    old: str
    new: str
    named: str
    # A file that changes too: Argo CD does not compare a Job that is a hook.
    also: str | None = None

    def edit(self, cluster: Cluster) -> dict[str, str]:
        path = f"{cluster.names.app_folder(self.app)}/{self.file}"
        also = {} if self.also is None else merges.marked(cluster, self.app, self.also)
        return {**merges.replaced(cluster, path, self.old, self.new), **also}


BAD_MERGES = (
    BadMerge(
        what="a manifest that is no YAML",
        app=App.ORCHESTRATOR,
        file=f"ConfigMap-{ORCHESTRATOR.name}.yaml",
        old=r"data:\n",
        new="data: [\n",
        named=f"ConfigMap-{ORCHESTRATOR.name}.yaml",
    ),
    BadMerge(
        what="a value that the API refuses",
        app=App.ORCHESTRATOR,
        file=f"Service-{ORCHESTRATOR.name}.yaml",
        old=r"port: \d+",
        new="port: 99999",
        named=f"Service/{ORCHESTRATOR.name}",
    ),
    BadMerge(
        what="a field that the API does not have",
        app=App.ORCHESTRATOR,
        file=f"Deployment-{ORCHESTRATOR.name}.yaml",
        old=r"  replicas: ",
        new="  replica: 2\n  replicas: ",
        named=f"Deployment/{ORCHESTRATOR.name}",
    ),
    BadMerge(
        what="an image that cannot start",
        app=App.ORCHESTRATOR,
        file=f"Deployment-{ORCHESTRATOR.name}.yaml",
        old=r"orchestrator@sha256:\w{8}",
        new="orchestrator@sha256:deadbeef",
        named=f"{NAMESPACE}/{ORCHESTRATOR.name}",
    ),
    BadMerge(
        what="a Job that fails",
        app=App.CLICKHOUSE_SCHEMA,
        file="Job-clickhouse-schema.yaml",
        old=r"activeDeadlineSeconds: \d+",
        new="activeDeadlineSeconds: 1",
        named="Job/clickhouse-schema",
        also="ConfigMap-clickhouse-schema.yaml",
    ),
)


async def bad_merges(cluster: Cluster) -> Result:
    """Merge each, read what is reported, and revert it."""
    problems: list[str] = []
    evidence: list[str] = []
    for bad in BAD_MERGES:
        started = time.monotonic()
        found = await bad_merge(cluster, bad)
        problems += [f"{bad.what}: {problem}" for problem in found]
        evidence.append(f"{bad.what} ({bad.named}, {time.monotonic() - started:.0f} s)")
    return result(
        "a bad merge is named, what ran goes on, and a revert brings it back",
        problems,
        ", ".join(evidence),
    )


async def bad_merge(cluster: Cluster, bad: BadMerge) -> list[str]:
    """What is wrong with how the cluster takes a bad merge."""
    app = cluster.names.application(bad.app)
    before = await _available(cluster)
    cluster.served.commit(bad.what, bad.edit(cluster))
    await sync.refresh(cluster, app)

    async def named() -> list[str]:
        found = await reported(cluster, app)
        return [] if any(bad.named in line for line in found) else [f"{app} reports {found}"]

    problems = await until(named, seconds=_NAMED_SECONDS)
    deadline = time.monotonic() + _SERVES_SECONDS
    while time.monotonic() < deadline:
        after = await _available(cluster)
        problems += [
            f"{name} has {after.get(name, 0)} of {number} available pods"
            for name, number in before.items()
            if after.get(name, 0) < number
        ]
        await asyncio.sleep(1)
    return problems + await merges.reverted(cluster, app)


async def reported(cluster: Cluster, app: str) -> list[str]:
    """What is wrong with an Application, as Argo CD and the nodes report it."""
    application = dict(await cluster.client.get(Application, app, namespace=ARGOCD_NAMESPACE))
    return [*failures(application), *await not_ready(cluster)]


def failures(application: Mapping[str, Any]) -> Iterator[str]:
    """The messages of an Application's conditions, and of what its last sync could not do."""
    status = application.get("status", {})
    for condition in status.get("conditions", []):
        yield condition["message"]
    operation = status.get("operationState", {})
    for found in operation.get("syncResult", {}).get("resources", []):
        if found.get("hookPhase") in ("Failed", "Error") or found.get("status") == "SyncFailed":
            yield f"{found['kind']}/{found['name']}: {found.get('message', '')}"


async def namespace_prune_waits(cluster: Cluster) -> Result:
    """Remove the platform's namespace from Git."""
    app = cluster.names.application(App.NAMESPACE)
    path = f"{cluster.names.app_folder(App.NAMESPACE)}/Namespace-{NAMESPACE}.yaml"
    return await _prune_waits(cluster, app, {path: None}, f"Namespace/{NAMESPACE}")


async def stack_prune_waits(cluster: Cluster) -> Result:
    """Remove the Application of Prometheus from Git, and change the root Application, which must not wait for itself."""
    folder, root = cluster.names.argocd_folder, cluster.names.argocd_root
    name = cluster.names.application(Addon.PROMETHEUS_STACK)
    changed = merges.replaced(
        cluster,
        f"{folder}/Application-{root}.yaml",
        r"revisionHistoryLimit: \d+",
        "revisionHistoryLimit: 6",
    )
    edits = {**changed, f"{folder}/Application-{name}.yaml": None}
    return await _prune_waits(cluster, root, edits, f"Application/{name}")


async def _prune_waits(cluster: Cluster, app: str, edits: Edits, thing: str) -> Result:
    """Remove an object from Git, and take it back as docs/decisions/0007-add-ons.md describes it."""
    before = await uids(cluster)
    cluster.served.commit(f"Remove {thing}", edits)
    await sync.refresh(cluster, app)
    seen: list[str] = []

    async def waits() -> list[str]:
        state = (await applications.read(cluster.client))[app]
        seen[:] = [state.message]
        named = _CONFIRMATION in state.message and thing in state.message
        return [] if named else [f"{app} is {state.phase}: {state.message}"]

    problems = await until(waits, seconds=_NAMED_SECONDS)
    await asyncio.sleep(_SERVES_SECONDS)
    problems += replaced(before, await uids(cluster))
    commit = cluster.served.revert()
    await sync.refresh(cluster, app)
    problems += await until(lambda: _compared(cluster, app, commit), seconds=_NAMED_SECONDS)
    # The operation still waits for a person, and holds back every other sync.
    await sync.patch(cluster, app, {"status": {"operationState": {"phase": "Terminating"}}})
    problems += await until(lambda: _ended(cluster, app), seconds=_RUNNING_SECONDS)
    problems += await sync.by_hand(cluster, app)
    problems += await merges.synced(cluster, app, commit)
    problems += await merges.healthy(cluster)
    return result(f"the prune of {thing} waits for a person", problems, f"{app}: {seen[0]}")


async def _compared(cluster: Cluster, app: str, commit: str) -> list[str]:
    state = (await applications.read(cluster.client))[app]
    return [] if state.revision == commit else [f"{app} is compared with {state.revision}"]


async def _ended(cluster: Cluster, app: str) -> list[str]:
    state = (await applications.read(cluster.client))[app]
    return [] if state.phase == "Failed" else [f"{app} is {state.phase}: {state.message}"]


async def _available(cluster: Cluster) -> dict[str, int]:
    """The available pods of each Deployment and StatefulSet."""
    deployments = {
        full_name(each): each.status and each.status.availableReplicas
        async for each in cluster.client.list(Deployment, namespace="*")
    }
    stateful_sets = {
        full_name(each): each.status and each.status.availableReplicas
        async for each in cluster.client.list(StatefulSet, namespace="*")
    }
    return {name: number or 0 for name, number in {**deployments, **stateful_sets}.items()}


async def _syncing(cluster: Cluster, app: str, commit: str) -> list[str]:
    application = await cluster.client.get(Application, app, namespace=ARGOCD_NAMESPACE)
    operation = application.get("status", {}).get("operationState", {})
    revision = operation.get("operation", {}).get("sync", {}).get("revision")
    if operation.get("phase") == "Running" and revision == commit:
        return []
    return [f"{app} does not sync {commit}: {operation.get('message')}"]


async def _started_again(cluster: Cluster, killed: object) -> list[str]:
    process = cluster.supervisor.process(_CONTROLLER)
    return [] if process not in (None, killed) else [f"{_CONTROLLER} is not started again"]


def replaced(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    return [
        f"{name} is {'another one' if name in after else 'gone'}"
        for name, uid in before.items()
        if after.get(name) != uid
    ]


async def uids(cluster: Cluster) -> dict[str, str]:
    """The identity of each node, and of each pod that is no Job's."""
    nodes = {f"Node {name_of(node)}": meta(node).uid for node in await cluster.nodes()}
    pods = {
        f"Pod {full_name(pod)}": meta(pod).uid
        async for pod in cluster.client.list(Pod, namespace="*")
        if not any(owner.kind == "Job" for owner in meta(pod).ownerReferences or ())
    }
    return {name: str(uid) for name, uid in {**nodes, **pods}.items()}
