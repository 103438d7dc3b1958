"""Day one of a cluster: `evalctl bootstrap`, then the first sync by Argo CD, wave by wave."""

from collections.abc import Callable
from pathlib import Path

from environments.names import Names
from evalctl.rehearsal.cluster import applications
from evalctl.rehearsal.cluster.applications import ApplicationState, Watched
from evalctl.rehearsal.cluster.cluster import Cluster
from evalctl.rehearsal.cluster.commands import evalctl

# Of the first sync, from the end of the bootstrap.
LIMIT_SECONDS = 300
_GIVE_UP_SECONDS = 900

Progress = Callable[[str, float], None]


def expected_applications(checkout: Path, names: Names) -> frozenset[str]:
    """The names of all rendered Applications."""
    folder = checkout / names.argocd_folder
    prefix = "Application-"
    return frozenset(path.stem.removeprefix(prefix) for path in folder.glob(f"{prefix}*.yaml"))


async def bootstrap(cluster: Cluster) -> str:
    """Run `evalctl bootstrap`.

    Raises:
        CommandFailedError: it failed.
    """
    return await evalctl(
        "bootstrap",
        cluster.env.name,
        "--context",
        cluster.plane.context,
        checkout=cluster.served.folder,
        environment=cluster.environment,
    )


async def first_sync(cluster: Cluster, progress: Progress) -> Watched:
    """Wait until every Application is Synced and Healthy.

    Raises:
        NotSettledError: they are not after 15 minutes.
    """

    def settled(state: ApplicationState, after: float) -> None:
        progress(f"wave {state.wave:2} {state.name}", after)

    return await applications.settled(
        cluster.client,
        expected_applications(cluster.served.folder, cluster.names),
        seconds=_GIVE_UP_SECONDS,
        progress=settled,
    )
