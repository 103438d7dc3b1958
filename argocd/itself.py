"""Argo CD's own Application: from bootstrap on, a merge changes and upgrades Argo CD too."""

import constructs

from argocd.resources import Application, AppProject, Kustomization, ResourceKind
from environments.names import ARGOCD_NAMESPACE, Names

_DEFINITIONS = ("applications", "applicationsets", "appprojects")
# The ApplicationSet controller's even while it is not installed (`installation.py`): when previews are
# switched off, Argo CD could not delete what it may not manage.
_CLUSTER_ROLES = (
    "argocd-application-controller",
    "argocd-applicationset-controller",
    "argocd-server",
)

# Exactly what its release needs, by name where the cluster's other parts have such a thing too.
CLUSTER_KINDS = (
    ResourceKind(group="", kind="Namespace", name=ARGOCD_NAMESPACE),
    *(
        ResourceKind(
            group="apiextensions.k8s.io",
            kind="CustomResourceDefinition",
            name=f"{definition}.argoproj.io",
        )
        for definition in _DEFINITIONS
    ),
    *(
        ResourceKind(group="rbac.authorization.k8s.io", kind=kind, name=name)
        for kind in ("ClusterRole", "ClusterRoleBinding")
        for name in _CLUSTER_ROLES
    ),
)
NAMESPACED_KINDS = (
    ResourceKind(group="", kind="ConfigMap"),
    ResourceKind(group="", kind="LimitRange"),
    ResourceKind(group="", kind="Secret"),  # without data: Argo CD fills it itself
    ResourceKind(group="", kind="Service"),
    ResourceKind(group="", kind="ServiceAccount"),
    ResourceKind(group="apps", kind="Deployment"),
    ResourceKind(group="apps", kind="StatefulSet"),
    ResourceKind(group="networking.k8s.io", kind="NetworkPolicy"),
    ResourceKind(group="policy", kind="PodDisruptionBudget"),
    ResourceKind(group="rbac.authorization.k8s.io", kind="Role"),
    ResourceKind(group="rbac.authorization.k8s.io", kind="RoleBinding"),
)


def installation_project(scope: constructs.Construct, *, names: Names) -> AppProject:
    """May manage Argo CD's own objects and nothing else."""
    return AppProject(
        scope,
        "installation-project",
        name=names.argocd_installation,
        description=f"Argo CD itself, in the cluster of {names.prefix}",
        repositories=(names.env.repository.url,),
        namespaces=(ARGOCD_NAMESPACE,),
        cluster_kinds=CLUSTER_KINDS,
        namespaced_kinds=NAMESPACED_KINDS,
        warn_of_orphans=False,  # Applications and their secrets live there too
        sync_windows=names.env.sync_windows,
        sync_options=("Prune=false",),
    )


def installation_application(
    scope: constructs.Construct, *, names: Names, wave: int
) -> Application:
    """Syncs the folder that bootstrap installed Argo CD from."""
    return Application(
        scope,
        "installation-application",
        name=names.argocd_installation,
        project=names.argocd_installation,
        source=Kustomization(
            repository=names.env.repository, path=names.argocd_installation_folder
        ),
        namespace=ARGOCD_NAMESPACE,
        wave=wave,
        # Deleted, by a teardown or by mistake, it leaves Argo CD running: who would delete the rest?
        cascades=False,
    )
