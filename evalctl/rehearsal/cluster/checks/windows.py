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
    name = "a closed sync window holds a change back, and an open one lets it through"
    app = cluster.names.application(App.WORKER)
    cluster.served.set_windows(Windows.CLOSED)
    await sync.refresh(cluster, cluster.names.argocd_root)
    problems = await until(lambda: _closed(cluster, app), seconds=_SECONDS)
    if problems:
        return result(name, problems, "")
    edit = merges.marked(cluster, App.WORKER, f"ConfigMap-{WORKER.name}.yaml")
    cluster.served.commit("A change on a Saturday", edit)
    await sync.refresh(cluster, app)
    await asyncio.sleep(_HELD_SECONDS)
    if await _arrived(cluster):
        problems.append(f"{app} was synced while its window was closed")
    # The root Application's own window is closed too, so a person starts its sync.
    commit = cluster.served.set_windows(Windows.OPEN)
    await sync.by_hand(cluster, cluster.names.argocd_root, commit=commit)
    problems += await until(lambda: _has_arrived(cluster), seconds=_SECONDS)
    cluster.served.revert()
    await sync.refresh(cluster, app)
    problems += await until(lambda: _has_gone(cluster), seconds=_SECONDS)
    return result(name, problems, f"{app}: held for {_HELD_SECONDS} s, then synced")


async def _closed(cluster: Cluster, app: str) -> list[str]:
    """Argo CD reports a denied window in the condition of an Application that it would sync."""
    project = await applications.project_of(cluster.client, app)
    denied = [
        window for window in project.get("syncWindows", []) if window["schedule"] == EVERY_MINUTE
    ]
    return [] if denied else [f"the project of {app} has no closed window"]


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
