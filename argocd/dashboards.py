"""The Application of the observation plane, and the project that bounds it."""

import constructs

from argocd.parts.app_project import AppProject, ResourceKind
from argocd.parts.application import Application, Folder
from environments.names import MONITORING_NAMESPACE, Names

# Exactly the kinds that the observation plane renders; a test compares.
NAMESPACED_KINDS = (
    ResourceKind(group="", kind="ConfigMap"),
    ResourceKind(group="external-secrets.io", kind="ExternalSecret"),
    ResourceKind(group="monitoring.coreos.com", kind="PrometheusRule"),
)


def dashboards_project(scope: constructs.Construct, *, names: Names) -> AppProject:
    """May change boards, alerts and routes, and not the programs that use them."""
    return AppProject(
        scope,
        "dashboards-project",
        names=names,
        name=names.argocd_dashboards,
        description=f"Dashboards, alerts and their routes, into {MONITORING_NAMESPACE} only",
        namespaces=(MONITORING_NAMESPACE,),
        namespaced_kinds=NAMESPACED_KINDS,
        warn_of_orphans=False,  # the namespace holds the monitoring charts' objects
    )


def dashboards_application(scope: constructs.Construct, *, names: Names, wave: int) -> Application:
    """Syncs the observation plane's folder."""
    return Application(
        scope,
        "dashboards-application",
        name=names.argocd_dashboards,
        project=names.argocd_dashboards,
        source=Folder(repository=names.env.repository, path=names.dashboards_folder),
        namespace=MONITORING_NAMESPACE,
        wave=wave,
        # On a new cluster the dry run of the first sync would fail at the add-ons' kinds.
        extra_sync_options=("SkipDryRunOnMissingResource=true",),
    )
