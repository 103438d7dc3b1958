"""Whether a closed sync window holds a change back, and a person can sync by hand, on the first day too."""

import asyncio
import re
import time

from lightkube.resources.core_v1 import ConfigMap

from environments.names import NAMESPACE, WORKER, App
from evalctl.rehearsal.cluster import applications, day_one
from evalctl.rehearsal.cluster.checks import merges, sync
from evalctl.rehearsal.cluster.checks.day_two import change_module, module_of
from evalctl.rehearsal.cluster.cluster import Cluster
from evalctl.rehearsal.cluster.result import Result, result
from evalctl.rehearsal.cluster.served.replacements import EVERY_MINUTE, Windows
from evalctl.rehearsal.cluster.waiting import not_ready, until

_HELD_SECONDS = 15
_SECONDS = 120
# Windows that are closed on every day, with the longest duration that the rules allow.
_ALWAYS = (
    (r"kind=SyncWindowKind\.\w+", "kind=SyncWindowKind.DENY"),
    (r'schedule="[^"]+"', 'schedule="0 0 * * *"'),
    (r"duration_hours=\d+", "duration_hours=168"),
)
_WARNING = "syncs nothing by itself until"


async def check(cluster: Cluster) -> Result:
    """Close the windows, merge a change, sync it by hand, and open the windows for its revert."""
    app = cluster.names.application(App.WORKER)
    problems = await _held(cluster, app)
    # The root Application closed its own window in the middle of its sync. This sync waits, and the command ends it.
    problems += await sync.by_hand(cluster)
    problems += await _has_arrived(cluster)
    cluster.served.revert()
    cluster.served.set_windows(Windows.OPEN)
    problems += await sync.by_hand(cluster, cluster.names.argocd_root)
    problems += await until(lambda: _has_windows(cluster, app, closed=False), seconds=_SECONDS)
    # A window opens without an event: Argo CD syncs at its next comparison, by default after two to three minutes.
    await sync.refresh(cluster, app)
    problems += await until(lambda: _has_gone(cluster), seconds=_SECONDS)
    return result(
        "a closed sync window holds a change back until a person syncs, and an open one lets it through",
        problems,
        f"{app}: held for {_HELD_SECONDS} s, then synced by hand; its revert came with the open window",
    )


async def first_day(cluster: Cluster) -> Result:
    """Bootstrap an empty cluster while its windows forbid syncs, and sync by hand as bootstrap prints it."""
    name = "a first day in a closed sync window: bootstrap prints it, and `evalctl sync` does the first sync"
    # The committed value: the teardown before may have lifted the protection, and the rules refuse this.
    text = (cluster.served.checkout / module_of(cluster)).read_text(encoding="utf-8")
    for old, new in _ALWAYS:
        text = re.sub(old, new, text)
    cluster.served.windows = Windows.AS_RENDERED
    await change_module(cluster, "Windows that are always closed", text)
    before = await applications.read(cluster.client)
    printed = await day_one.bootstrap(cluster)
    problems = [] if _WARNING in printed else [f"bootstrap printed no warning: {printed}"]
    await asyncio.sleep(_HELD_SECONDS)
    problems += [
        f"{each} was synced"
        for each, state in (await applications.read(cluster.client)).items()
        if state.finished != (before[each].finished if each in before else "")
    ]
    started = time.monotonic()
    problems += await sync.by_hand(cluster)
    problems += await _in_order(cluster)
    problems += await until(lambda: not_ready(cluster), seconds=_SECONDS)
    cluster.served.revert()
    cluster.served.set_windows(Windows.OPEN)
    return result(name, problems, f"synced by hand in {time.monotonic() - started:.0f} s")


async def _in_order(cluster: Cluster) -> list[str]:
    """Expected Applications that are not Synced and Healthy; definitions that were left need no sync."""
    states = await applications.read(cluster.client)
    return [
        str(states.get(name, f"{name} is missing"))
        for name in sorted(day_one.expected_applications(cluster.served.folder, cluster.names))
        if name not in states or (states[name].sync, states[name].health) != ("Synced", "Healthy")
    ]


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
