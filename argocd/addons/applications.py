"""One Application per add-on, and the AppProject that bounds them all."""

from collections.abc import Sequence

import constructs

from argocd.addons.chart import AddonChart
from argocd.addons.kinds import CLUSTER_KINDS, NAMESPACED_KINDS
from argocd.ignored_fields import IGNORED_FIELDS
from argocd.parts.app_project import AppProject
from argocd.parts.application import CONFIRMED, Application, HelmChart
from argocd.waves import wave_of
from environments.catalog import ADDON_SETS, Chart
from environments.names import Addon, Names


def addon_application(
    scope: constructs.Construct, chart: AddonChart, *, names: Names
) -> Application:
    """Syncs one chart, at the version of the environment's add-on set."""
    source = _source(chart.addon, names=names)
    return Application(
        scope,
        f"{chart.addon}-application",
        name=names.application(chart.addon),
        project=names.argocd_addons_project,
        source=HelmChart(
            repository_url=source.repository_url,
            name=source.name,
            version=source.version,
            values=chart.values,
        ),
        namespace=chart.namespace,
        wave=wave_of(chart.addon),
        ignored_fields=IGNORED_FIELDS.get(chart.addon, ()),
        own_sync_options=CONFIRMED if chart.holds_data else (),
    )


def addons_project(
    scope: constructs.Construct, charts: Sequence[AddonChart], *, names: Names
) -> AppProject:
    """The charts' repositories and the add-ons' namespaces, and nothing of the platform's own."""
    repositories = {_source(chart.addon, names=names).repository_url for chart in charts}
    # Some charts bind a role or make a Service in the namespace of the API server's own objects.
    namespaces = {"kube-system"} | {chart.namespace for chart in charts}
    return AppProject(
        scope,
        "addons-project",
        names=names,
        name=names.argocd_addons_project,
        description=f"The add-ons of {names.prefix}: charts of these repositories only",
        repositories=tuple(sorted(repositories)),
        namespaces=tuple(sorted(namespaces)),
        cluster_kinds=CLUSTER_KINDS,
        namespaced_kinds=NAMESPACED_KINDS,
        warn_of_orphans=False,  # kube-system holds many objects of EKS and its add-ons
    )


def _source(addon: Addon, *, names: Names) -> Chart:
    try:
        return ADDON_SETS[names.env.addon_set].charts[addon]
    except KeyError as missing:
        raise ValueError(
            f"{names.env.name}: addon_set {names.env.addon_set!r} has no chart for {missing}; add it to "
            "environments/catalog.py"
        ) from missing
