"""The Application of the observation plane, and the project that bounds it."""

import constructs

from argocd.resources import Application, AppProject, Folder, ResourceKind
from environments.names import MONITORING_NAMESPACE, Names

# Exactly the kinds that the observation plane renders; a test compares.
NAMESPACED_KINDS = (
    ResourceKind(group="", kind="ConfigMap"),
    ResourceKind(group="external-secrets.io", kind="ExternalSecret"),
    ResourceKind(group="monitoring.coreos.com", kind="PrometheusRule"),
)


def dashboards_project(scope: constructs.Construct, *, names: Names) -> AppProject:
    """May change what is watched, and not what watches."""
    return AppProject(
        scope,
        "dashboards-project",
        name=names.argocd_dashboards,
        description=f"Dashboards, alerts and their routes, into {MONITORING_NAMESPACE} only",
        repositories=(names.env.repository.url,),
        namespaces=(MONITORING_NAMESPACE,),
        cluster_kinds=(),
        namespaced_kinds=NAMESPACED_KINDS,
        warn_of_orphans=False,  # the namespace is full of what watches
        sync_windows=names.env.sync_windows,
        sync_options=("Prune=false",),  # without it the Application could not even be deleted
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
        # On a new cluster the dry run of the first sync does not know the add-ons' kinds yet.
        extra_sync_options=("SkipDryRunOnMissingResource=true",),
    )
