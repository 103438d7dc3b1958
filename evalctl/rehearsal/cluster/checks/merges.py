"""What a check needs that merges a change into the served branch and takes it back."""

import re

from environments.names import App
from evalctl.rehearsal.cluster import applications
from evalctl.rehearsal.cluster.checks.sync import refresh
from evalctl.rehearsal.cluster.cluster import Cluster
from evalctl.rehearsal.cluster.waiting import not_ready, until

SECONDS = 180
MARK = "eval-platform.io/rehearsed"  # an annotation that changes nothing


def replaced(cluster: Cluster, path: str, old: str, new: str) -> dict[str, str]:
    """The edit of one served file that replaces the first match of a pattern."""
    text, times = re.subn(old, new, cluster.served.text(path), count=1)
    if not times:
        raise ValueError(f"{path} has no match of {old}")
    return {path: text}


def marked(cluster: Cluster, app: App, file: str) -> dict[str, str]:
    """The edit of one file of an app that gives its object an annotation."""
    path = f"{cluster.names.app_folder(app)}/{file}"
    return replaced(
        cluster, path, r"metadata:\n", f"metadata:\n  annotations:\n    {MARK}: change\n"
    )


async def synced(
    cluster: Cluster, application: str, commit: str, *, seconds: float = SECONDS
) -> list[str]:
    """Let Argo CD compare an Application with Git now; what is in the way of its sync at the commit."""
    await refresh(cluster, application)

    async def at_the_commit() -> list[str]:
        state = (await applications.read(cluster.client))[application]
        if state.settled and state.revision == commit:
            return []
        return [str(state)]

    return await until(at_the_commit, seconds=seconds)


async def at_revision(cluster: Cluster, app: str, commit: str) -> list[str]:
    """What keeps an Application from being Synced with Git at a commit; it may not be Healthy yet."""
    state = (await applications.read(cluster.client))[app]
    if state.revision == commit and state.sync == "Synced":
        return []
    return [f"{app} is {state.sync} at {state.revision}, and not at {commit}"]


async def reverted(cluster: Cluster, application: str, *, seconds: float = SECONDS) -> list[str]:
    """`git revert` the last change; what has not come back in time."""
    problems = await synced(cluster, application, cluster.served.revert(), seconds=seconds)
    return problems or await healthy(cluster, seconds=seconds)


async def healthy(cluster: Cluster, *, seconds: float = SECONDS) -> list[str]:
    """What keeps the cluster from having every Application Synced and Healthy, and every pod ready."""

    async def in_the_way() -> list[str]:
        states = (await applications.read(cluster.client)).values()
        unsettled = [str(state) for state in states if not state.settled]
        return unsettled + await not_ready(cluster)

    return await until(in_the_way, seconds=seconds)
