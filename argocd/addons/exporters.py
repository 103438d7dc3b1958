"""The exporters that kube-prometheus-stack brings: one watches objects, one each node.

Value keys: `charts/kube-state-metrics` at 7.1 and `charts/prometheus-node-exporter` at 4.51, both of
prometheus-community/helm-charts.
"""

from argocd.addons.values import ON_GENERAL_POOL, Values
from environments.names import MONITORING_LABEL, NODE_POOL_LABEL, MonitoringPart
from environments.spec import Resources

KUBE_STATE_METRICS = Resources(
    cpu_request_millicores=15,
    cpu_limit_millicores=200,
    memory_request_mib=96,
    memory_limit_mib=256,
)
# It reads all at once when it is scraped; a tight limit would only show as throttling.
NODE_EXPORTER = Resources(
    cpu_request_millicores=10,
    cpu_limit_millicores=500,
    memory_request_mib=32,
    memory_limit_mib=64,
)

# What the chart's own rules and boards ask about. Without a collector, kube-state-metrics also gets no
# right to list such objects: Secrets and ConfigMaps are the ones to keep it from.
_COLLECTORS = (
    "cronjobs",
    "daemonsets",
    "deployments",
    "horizontalpodautoscalers",
    "ingresses",
    "jobs",
    "namespaces",
    "nodes",
    "persistentvolumeclaims",
    "persistentvolumes",
    "poddisruptionbudgets",
    "pods",
    "replicasets",
    "resourcequotas",
    "services",
    "statefulsets",
)


def kube_state_metrics() -> Values:
    # One: a second would count everything twice, and this one is back within a minute.
    return {
        "collectors": list(_COLLECTORS),
        # Of all labels this one: it says which nodes are spot nodes.
        "metricLabelsAllowlist": [f"nodes=[{NODE_POOL_LABEL}]"],
        "resources": KUBE_STATE_METRICS.as_manifest(),
        "nodeSelector": ON_GENERAL_POOL,
        "podLabels": {MONITORING_LABEL: MonitoringPart.KUBE_STATE_METRICS},
    }


def node_exporter() -> Values:
    return {
        "namespaceOverride": "kube-system",
        "resources": NODE_EXPORTER.as_manifest(),
        # Every node: spot nodes with their taint, and those that are being drained.
        "tolerations": [{"operator": "Exists"}],
        "priorityClassName": "system-node-critical",
    }
