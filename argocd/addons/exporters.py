"""The exporters that kube-prometheus-stack brings: one watches objects, one each node.

Value keys: `charts/kube-state-metrics` at 7.1 and `charts/prometheus-node-exporter` at 4.51, both of
prometheus-community/helm-charts.
"""

from argocd.addons.values import ON_GENERAL_POOL, Values
from environments.names import MONITORING_LABEL, NODE_POOL_LABEL, MonitoringPart
from environments.spec import Compute

KUBE_STATE_METRICS = Compute.of(cpu="15m", cpu_limit="200m", memory="96Mi", memory_limit="256Mi")
# It reads all at once when it is scraped; a tight limit would only show as throttling.
NODE_EXPORTER = Compute.of(cpu="10m", cpu_limit="500m", memory="32Mi", memory_limit="64Mi")

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
