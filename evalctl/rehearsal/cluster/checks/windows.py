"""Whether a closed sync window holds a change back, and a person can start the sync by hand."""

import asyncio

from lightkube.resources.core_v1 import ConfigMap
from lightkube.types import PatchType

from environments.names import ARGOCD_NAMESPACE, NAMESPACE, WORKER, App
from evalctl.rehearsal.cluster import applications
from evalctl.rehearsal.cluster.applications import Application
from evalctl.rehearsal.cluster.checks import first_sync
from evalctl.rehearsal.cluster.cluster import Cluster
from evalctl.rehearsal.cluster.result import Result, result
from evalctl.rehearsal.cluster.served.replacements import Windows
from evalctl.rehearsal.cluster.waiting import until

_HELD_SECONDS = 15
_SECONDS = 120
_MARK = "eval-platform.io/rehearsed"


async def check(cluster: Cluster) -> Result:
    """Close the windows, merge a change, and open them again."""
    name = "a closed sync window holds a change back, and an open one lets it through"
    app = cluster.names.application(App.WORKER)
    cluster.served.set_windows(Windows.CLOSED)
    await first_sync.refresh(cluster, cluster.names.argocd_root)
    problems = await until(lambda: _closed(cluster, app), seconds=_SECONDS)
    if problems:
        return result(name, problems, "")
    path = f"{cluster.names.app_folder(App.WORKER)}/ConfigMap-{WORKER.name}.yaml"
    text = cluster.served.text(path)
    cluster.served.commit(
        "A change on a Saturday",
        {path: text.replace("metadata:\n", f"metadata:\n  annotations:\n    {_MARK}: held\n", 1)},
    )
    await first_sync.refresh(cluster, app)
    await asyncio.sleep(_HELD_SECONDS)
    if await _arrived(cluster):
        problems.append(f"{app} was synced while its window was closed")
    # The root Application's own window is closed too, so a person starts its sync.
    commit = cluster.served.set_windows(Windows.OPEN)
    await sync_by_hand(cluster, cluster.names.argocd_root, commit=commit)
    problems += await until(lambda: _has_arrived(cluster), seconds=_SECONDS)
    cluster.served.revert()
    await first_sync.refresh(cluster, app)
    problems += await until(lambda: _has_gone(cluster), seconds=_SECONDS)
    return result(name, problems, f"{app}: held for {_HELD_SECONDS} s, then synced")


async def sync_by_hand(cluster: Cluster, name: str, *, commit: str) -> None:
    """What the button SYNC of Argo CD does with the newest commit."""
    await cluster.client.patch(
        Application,
        name,
        {"operation": {"initiatedBy": {"username": "rehearsal"}, "sync": {"revision": commit}}},
        namespace=ARGOCD_NAMESPACE,
        patch_type=PatchType.MERGE,
    )


async def _closed(cluster: Cluster, app: str) -> list[str]:
    """Argo CD reports a denied window in the condition of an Application that it would sync."""
    project = await applications.project_of(cluster.client, app)
    denied = [
        window for window in project.get("syncWindows", []) if window["schedule"] == "* * * * *"
    ]
    return [] if denied else [f"the project of {app} has no closed window"]


async def _arrived(cluster: Cluster) -> bool:
    found = await cluster.client.get(ConfigMap, WORKER.name, namespace=NAMESPACE)
    return found.metadata is not None and _MARK in (found.metadata.annotations or {})


async def _has_arrived(cluster: Cluster) -> list[str]:
    return (
        [] if await _arrived(cluster) else [f"ConfigMap {NAMESPACE}/{WORKER.name} has not changed"]
    )


async def _has_gone(cluster: Cluster) -> list[str]:
    return (
        [f"ConfigMap {NAMESPACE}/{WORKER.name} is not reverted"] if await _arrived(cluster) else []
    )
