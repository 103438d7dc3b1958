"""The AppProject of the platform's apps: their repository, their namespaces and their kinds only."""

import constructs

from argocd.resources import AppProject, ResourceKind
from environments.names import (
    DEFAULT_STORAGE_CLASS,
    EXTERNAL_SECRETS,
    MONITORING_NAMESPACE,
    NAMESPACE,
    App,
    Names,
    namespace_of,
)

CLUSTER_KINDS = (
    *(
        ResourceKind(group="", kind="Namespace", name=name)
        for name in (NAMESPACE, EXTERNAL_SECRETS.namespace, MONITORING_NAMESPACE)
    ),
    ResourceKind(group="storage.k8s.io", kind="StorageClass", name=DEFAULT_STORAGE_CLASS),
)
NAMESPACES = tuple(sorted({namespace_of(app) for app in App}))

# Exactly the kinds that the Kubernetes plane renders; a test compares. A new kind is let in here,
# on purpose. What controllers make of them (ReplicaSets, Pods, Secrets) need not be listed, and
# must not: listed kinds could come from Git. The price: Argo CD's tree view does not show them.
NAMESPACED_KINDS = (
    ResourceKind(group="", kind="ConfigMap"),
    ResourceKind(group="", kind="LimitRange"),
    ResourceKind(group="", kind="ResourceQuota"),
    ResourceKind(group="", kind="Service"),
    ResourceKind(group="", kind="ServiceAccount"),
    ResourceKind(group="apps", kind="Deployment"),
    ResourceKind(group="autoscaling", kind="HorizontalPodAutoscaler"),
    ResourceKind(group="batch", kind="Job"),
    ResourceKind(group="external-secrets.io", kind="ExternalSecret"),
    ResourceKind(group="external-secrets.io", kind="SecretStore"),
    ResourceKind(group="monitoring.coreos.com", kind="PodMonitor"),
    ResourceKind(group="monitoring.coreos.com", kind="ScrapeConfig"),
    ResourceKind(group="networking.k8s.io", kind="Ingress"),
    ResourceKind(group="networking.k8s.io", kind="NetworkPolicy"),
    ResourceKind(group="policy", kind="PodDisruptionBudget"),
    # Without a binding, which may not come from here, it gives nobody anything.
    ResourceKind(group="rbac.authorization.k8s.io", kind="Role"),
)


def platform_project(scope: constructs.Construct, *, names: Names) -> AppProject:
    """The project that every app of the platform belongs to."""
    return AppProject(
        scope,
        "platform-project",
        name=names.argocd_project,
        description=f"The apps of {names.prefix}, into {', '.join(NAMESPACES)} only",
        repositories=(names.env.repository.url,),
        namespaces=NAMESPACES,
        cluster_kinds=CLUSTER_KINDS,
        namespaced_kinds=NAMESPACED_KINDS,
        warn_of_orphans=True,  # what lives in a namespace but not in Git is seen
        sync_windows=names.env.sync_windows,
        sync_options=("Prune=false",),  # without it no Application can sync, or even be deleted
    )
