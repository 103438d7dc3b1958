"""The kinds that the add-ons' charts may make, from their templates; to be checked when a set changes.

A chart that needs another kind fails to sync with a message that names the kind; nothing else fails.
"""

from argocd.parts.app_project import ResourceKind

CLUSTER_KINDS = (
    ResourceKind(group="admissionregistration.k8s.io", kind="MutatingWebhookConfiguration"),
    ResourceKind(group="admissionregistration.k8s.io", kind="ValidatingWebhookConfiguration"),
    ResourceKind(group="apiextensions.k8s.io", kind="CustomResourceDefinition"),
    ResourceKind(group="apiregistration.k8s.io", kind="APIService"),
    ResourceKind(group="networking.k8s.io", kind="IngressClass", name="alb"),
    ResourceKind(group="rbac.authorization.k8s.io", kind="ClusterRole"),
    ResourceKind(group="rbac.authorization.k8s.io", kind="ClusterRoleBinding"),
)

NAMESPACED_KINDS = (
    ResourceKind(group="", kind="ConfigMap"),
    ResourceKind(group="", kind="Secret"),
    ResourceKind(group="", kind="Service"),
    ResourceKind(group="", kind="ServiceAccount"),
    ResourceKind(group="apps", kind="DaemonSet"),
    ResourceKind(group="apps", kind="Deployment"),
    ResourceKind(group="monitoring.coreos.com", kind="Alertmanager"),
    ResourceKind(group="monitoring.coreos.com", kind="Prometheus"),
    ResourceKind(group="monitoring.coreos.com", kind="PrometheusRule"),
    ResourceKind(group="monitoring.coreos.com", kind="ServiceMonitor"),
    ResourceKind(group="policy", kind="PodDisruptionBudget"),
    ResourceKind(group="rbac.authorization.k8s.io", kind="Role"),
    ResourceKind(group="rbac.authorization.k8s.io", kind="RoleBinding"),
)
