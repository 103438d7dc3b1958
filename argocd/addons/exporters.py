"""The exporters in kube-prometheus-stack: one for Kubernetes objects, one for each node.

Value keys: `charts/kube-state-metrics` at 7.1 and `charts/prometheus-node-exporter` at 4.51, both of
prometheus-community/helm-charts.
"""

from argocd.addons.values import ON_GENERAL_POOL, Values
from environments.names import MONITORING_LABEL, NODE_POOL_LABEL, MonitoringPart
from environments.spec import Compute

KUBE_STATE_METRICS = Compute.of(cpu="15m", cpu_limit="200m", memory="96Mi", memory_limit="256Mi")
# It reads everything when it is scraped; a tight CPU limit would only throttle it.
NODE_EXPORTER = Compute.of(cpu="10m", cpu_limit="500m", memory="32Mi", memory_limit="64Mi")

# The kinds in the chart's own rules and boards. Without a collector, kube-state-metrics also has no
# right to list such objects, which keeps it from Secrets and ConfigMaps.
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
    # One: a second replica would count everything twice, and a new pod runs within a minute.
    return {
        "collectors": list(_COLLECTORS),
        # The only label that is needed: it marks the spot nodes.
        "metricLabelsAllowlist": [f"nodes=[{NODE_POOL_LABEL}]"],
        "resources": KUBE_STATE_METRICS.as_manifest(),
        "nodeSelector": ON_GENERAL_POOL,
        "podLabels": {MONITORING_LABEL: MonitoringPart.KUBE_STATE_METRICS},
    }


def node_exporter() -> Values:
    return {
        "namespaceOverride": "kube-system",
        "resources": NODE_EXPORTER.as_manifest(),
        # On every node: also spot nodes with their taint, and nodes that are being drained.
        "tolerations": [{"operator": "Exists"}],
        "priorityClassName": "system-node-critical",
    }
