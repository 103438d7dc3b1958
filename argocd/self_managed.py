"""Argo CD manages itself: after bootstrap, a merge also changes and upgrades Argo CD."""

import constructs

from argocd.parts.app_project import AppProject, ResourceKind
from argocd.parts.application import Application, Kustomization
from environments.names import ARGOCD_NAMESPACE, Names

_DEFINITIONS = ("applications", "applicationsets", "appprojects")
# The ApplicationSet controller's also while it is not installed (`installation.py`): without it Argo CD
# could not delete the controller when previews are switched off.
_CLUSTER_ROLES = (
    "argocd-application-controller",
    "argocd-applicationset-controller",
    "argocd-server",
)

# Exactly what its installation needs, by name if other parts of the cluster have this kind, too.
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
    ResourceKind(group="", kind="Secret"),  # without data: Argo CD writes it
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
        names=names,
        name=names.argocd_installation,
        description=f"Argo CD itself, in the cluster of {names.prefix}",
        namespaces=(ARGOCD_NAMESPACE,),
        cluster_kinds=CLUSTER_KINDS,
        namespaced_kinds=NAMESPACED_KINDS,
        warn_of_orphans=False,  # Applications and their secrets are there, too
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
        # When it is deleted, by a teardown or by mistake, Argo CD stays and can delete the rest.
        cascades=False,
    )
