"""One Application per add-on, and the AppProject that bounds them all."""

from collections.abc import Sequence

import constructs

from argocd.addons.kinds import CLUSTER_KINDS, NAMESPACED_KINDS
from argocd.addons.release import Release
from argocd.ignored_fields import IGNORED_FIELDS
from argocd.resources import CONFIRMED, Application, AppProject, HelmChart
from argocd.waves import wave_of
from environments.catalog import ADDON_SETS, Chart
from environments.names import Addon, Names


def addon_application(
    scope: constructs.Construct, release: Release, *, names: Names
) -> Application:
    """Syncs one chart, at the version of the environment's add-on set."""
    chart = _chart(release.addon, names=names)
    return Application(
        scope,
        f"{release.addon}-application",
        name=names.application(release.addon),
        project=names.argocd_addons_project,
        source=HelmChart(
            repository_url=chart.repository_url,
            name=chart.name,
            version=chart.version,
            values=release.values,
        ),
        namespace=release.namespace,
        wave=wave_of(release.addon),
        ignored_fields=IGNORED_FIELDS.get(release.addon, ()),
        own_sync_options=CONFIRMED if release.holds_data else (),
    )


def addons_project(
    scope: constructs.Construct, installed: Sequence[Release], *, names: Names
) -> AppProject:
    """The charts' repositories and the add-ons' namespaces, and nothing of the platform's own."""
    repositories = {_chart(release.addon, names=names).repository_url for release in installed}
    # Some charts bind a role or make a Service beside the API server's own things.
    namespaces = {"kube-system"} | {release.namespace for release in installed}
    return AppProject(
        scope,
        "addons-project",
        name=names.argocd_addons_project,
        description=f"The add-ons of {names.prefix}: charts of these repositories only",
        repositories=tuple(sorted(repositories)),
        namespaces=tuple(sorted(namespaces)),
        cluster_kinds=CLUSTER_KINDS,
        namespaced_kinds=NAMESPACED_KINDS,
        warn_of_orphans=False,  # kube-system is full of what EKS and its add-ons put there
        sync_windows=names.env.sync_windows,
        sync_options=("Prune=false",),  # without it no add-on can sync, or even be deleted
    )


def _chart(addon: Addon, *, names: Names) -> Chart:
    try:
        return ADDON_SETS[names.env.addon_set].charts[addon]
    except KeyError as missing:
        raise ValueError(
            f"{names.env.name}: addon_set {names.env.addon_set!r} has no chart for {missing}; add it to "
            "environments/catalog.py"
        ) from missing
