"""What a check lets Argo CD do now: compare Applications with Git, and sync one."""

import asyncio
from collections.abc import Mapping

from lightkube.types import PatchType

from environments.names import ARGOCD_NAMESPACE
from evalctl.processes import CommandFailedError
from evalctl.rehearsal.cluster import applications
from evalctl.rehearsal.cluster.applications import Application
from evalctl.rehearsal.cluster.cluster import Cluster
from evalctl.rehearsal.cluster.commands import evalctl
from evalctl.rehearsal.cluster.waiting import until

_REFRESH = "argocd.argoproj.io/refresh"
_COMPARED_SECONDS = 120
# Argo CD compares with what its watches have reported. Within milliseconds of the end of a request the root Application
# would still see it, and be out of sync for five seconds.
_SEEN_SECONDS = 2


async def compare(cluster: Cluster, *, how: str = "normal") -> list[str]:
    """Let Argo CD compare every Application with Git now; those that it did not compare in time."""
    root = cluster.names.argocd_root
    names = (await applications.read(cluster.client)).keys()
    # The root Application last: it compares the others, which carry the request until it is done.
    for batch in (names - {root}, {root}):
        for each in batch:
            await refresh(cluster, each, how=how)
        if pending := await until(lambda: _refreshing(cluster), seconds=_COMPARED_SECONDS):
            return [f"{each} is not compared" for each in pending]
        await asyncio.sleep(_SEEN_SECONDS)
    return []


async def refresh(cluster: Cluster, name: str, *, how: str = "normal") -> None:
    """Let Argo CD compare an Application with Git now; `hard` also renders its manifests again."""
    await patch(cluster, name, {"metadata": {"annotations": {_REFRESH: how}}})


async def by_hand(cluster: Cluster, *only: str) -> list[str]:
    """Run `evalctl sync` for these Applications, or for all; why it failed, if it did."""
    try:
        await evalctl(
            *("sync", cluster.env.name, *only, "--context", cluster.plane.context),
            checkout=cluster.served.folder,
            environment=cluster.environment,
        )
    except CommandFailedError as error:
        return [error.output or error.reason]
    return []


async def patch(cluster: Cluster, name: str, change: Mapping[str, object]) -> None:
    """Merge a change into an Application."""
    await cluster.client.patch(
        Application,
        name,
        dict(change),
        namespace=ARGOCD_NAMESPACE,
        patch_type=PatchType.MERGE,
    )


async def _refreshing(cluster: Cluster) -> list[str]:
    """Argo CD removes the annotation when it has compared."""
    return [
        str(application.metadata.name)
        async for application in cluster.client.list(Application, namespace=ARGOCD_NAMESPACE)
        if application.metadata is not None and _REFRESH in (application.metadata.annotations or {})
    ]
