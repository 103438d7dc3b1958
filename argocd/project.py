"""The AppProject of the platform's apps: their repository, their namespace and their kinds only."""

import constructs

from argocd.resources import AppProject, ResourceKind
from environments.names import NAMESPACE, Names

CLUSTER_KINDS = (ResourceKind(group="", kind="Namespace", name=NAMESPACE),)

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
    ResourceKind(group="networking.k8s.io", kind="Ingress"),
    ResourceKind(group="networking.k8s.io", kind="NetworkPolicy"),
    ResourceKind(group="policy", kind="PodDisruptionBudget"),
)


def platform_project(scope: constructs.Construct, *, names: Names) -> AppProject:
    """The project that every app of the platform belongs to."""
    return AppProject(
        scope,
        "platform-project",
        name=names.argocd_project,
        description=f"The apps of {names.prefix}, into namespace {NAMESPACE} only",
        repository=names.env.repository,
        namespace=NAMESPACE,
        cluster_kinds=CLUSTER_KINDS,
        namespaced_kinds=NAMESPACED_KINDS,
        warn_of_orphans=True,  # what lives in the namespace but not in Git is seen
        sync_options=("Prune=false",),  # without it no Application can sync, or even be deleted
    )
