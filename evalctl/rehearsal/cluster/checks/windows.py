"""Whether a closed sync window holds a change back, and a person can start the sync by hand."""

import asyncio

from lightkube.resources.core_v1 import ConfigMap

from environments.names import NAMESPACE, WORKER, App
from evalctl.rehearsal.cluster import applications
from evalctl.rehearsal.cluster.checks import merges, sync
from evalctl.rehearsal.cluster.cluster import Cluster
from evalctl.rehearsal.cluster.result import Result, result
from evalctl.rehearsal.cluster.served.replacements import EVERY_MINUTE, Windows
from evalctl.rehearsal.cluster.waiting import until

_HELD_SECONDS = 15
_SECONDS = 120


async def check(cluster: Cluster) -> Result:
    """Close the windows, merge a change, and open them again."""
    app = cluster.names.application(App.WORKER)
    problems = await _held(cluster, app)
    # The root Application closed its own window in the middle of a sync, so a person removes this sync and
    # starts the next one.
    root, commit = cluster.names.argocd_root, cluster.served.set_windows(Windows.OPEN)
    await sync.remove(cluster, root)
    await sync.by_hand(cluster, root, commit=commit)
    problems += await until(lambda: _has_windows(cluster, app, closed=False), seconds=_SECONDS)
    # A window opens without an event: Argo CD syncs at its next comparison, by default after two to three minutes.
    await sync.refresh(cluster, app)
    problems += await until(lambda: _has_arrived(cluster), seconds=_SECONDS)
    cluster.served.revert()
    await sync.refresh(cluster, app)
    problems += await until(lambda: _has_gone(cluster), seconds=_SECONDS)
    return result(
        "a closed sync window holds a change back, and an open one lets it through",
        problems,
        f"{app}: held for {_HELD_SECONDS} s, then synced",
    )


async def _held(cluster: Cluster, app: str) -> list[str]:
    """Close the windows and merge a change; what shows that it is not held back."""
    cluster.served.set_windows(Windows.CLOSED)
    await sync.refresh(cluster, cluster.names.argocd_root)
    problems = await until(lambda: _has_windows(cluster, app, closed=True), seconds=_SECONDS)
    edit = merges.marked(cluster, App.WORKER, f"ConfigMap-{WORKER.name}.yaml")
    cluster.served.commit("A change on a Saturday", edit)
    await sync.refresh(cluster, app)
    await asyncio.sleep(_HELD_SECONDS)
    if await _arrived(cluster):
        problems.append(f"{app} was synced while its window was closed")
    return problems


async def _has_windows(cluster: Cluster, app: str, *, closed: bool) -> list[str]:
    """What keeps the Application's project from having closed windows, or none."""
    project = await applications.project_of(cluster.client, app)
    found = any(window["schedule"] == EVERY_MINUTE for window in project.get("syncWindows", []))
    if found == closed:
        return []
    return [f"the project of {app} has {'no' if closed else 'still a'} closed window"]


async def _arrived(cluster: Cluster) -> bool:
    found = await cluster.client.get(ConfigMap, WORKER.name, namespace=NAMESPACE)
    return found.metadata is not None and merges.MARK in (found.metadata.annotations or {})


async def _has_arrived(cluster: Cluster) -> list[str]:
    return (
        [] if await _arrived(cluster) else [f"ConfigMap {NAMESPACE}/{WORKER.name} has not changed"]
    )


async def _has_gone(cluster: Cluster) -> list[str]:
    return (
        [f"ConfigMap {NAMESPACE}/{WORKER.name} is not reverted"] if await _arrived(cluster) else []
    )
