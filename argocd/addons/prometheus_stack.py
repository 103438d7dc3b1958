"""Prometheus, Alertmanager and Grafana, with the exporters for nodes and objects.

Everything is in the monitoring namespace, which takes only restricted pods, except node-exporter: it
reads its host and is in kube-system, where the chart puts its ServiceMonitor too.

Value keys: `charts/kube-prometheus-stack/values.yaml` of prometheus-community/helm-charts, read at
81.4, and the changes of later majors up to 91.5: since 90 the chart makes a token Secret with which
Prometheus signs in to kubelets. No key here was renamed or dropped in between; the chart of the set,
92, was not available.
"""

from argocd.addons import exporters, grafana
from argocd.addons.chart import AddonChart
from argocd.addons.values import ON_GENERAL_POOL, Values
from environments.names import (
    ALERTMANAGER_CONFIG,
    DEFAULT_STORAGE_CLASS,
    MONITORING_LABEL,
    MONITORING_NAMESPACE,
    PREVIEW_NAMESPACE_PREFIX,
    Addon,
    MonitoringPart,
    Names,
)
from environments.spec import Compute, Monitoring

SCRAPE_INTERVAL_SECONDS = 30

# Estimated for a dozen nodes and two hundred pods; the chart's boards show the real use, and the limits
# leave room for peaks. Prometheus' own are the environment's.
OPERATOR = Compute.of(cpu="20m", cpu_limit="200m", memory="96Mi", memory_limit="192Mi")
CONFIG_RELOADER = Compute.of(cpu="5m", cpu_limit="100m", memory="32Mi", memory_limit="64Mi")
ALERTMANAGER = Compute.of(cpu="10m", cpu_limit="200m", memory="64Mi", memory_limit="128Mi")

# On EKS no pod can reach these: AWS runs them, or they listen on the node's loopback address.
_NOT_ON_EKS = ("kubeControllerManager", "kubeScheduler", "kubeEtcd", "kubeProxy")
_RULES_NOT_ON_EKS = (
    "etcd",
    "kubeControllerManager",
    "kubeProxy",
    "kubeSchedulerAlerting",
    "kubeSchedulerRecording",
    "windows",
)

# The namespaces of the chart's alerts about pods and Jobs. Previews are left out: the pull request's
# author watches them, and their Jobs run until their deadline, which two alerts would report each time.
_SILENT_PREVIEWS = {
    "appNamespacesOperator": "!~",
    "appNamespacesTarget": f"{PREVIEW_NAMESPACE_PREFIX}.*",
}


def chart(names: Names) -> AddonChart:
    monitoring = names.env.monitoring
    return AddonChart(
        addon=Addon.PROMETHEUS_STACK,
        namespace=MONITORING_NAMESPACE,
        values={
            "crds": {"enabled": False},  # they are an add-on of their own
            "defaultRules": {
                "rules": dict.fromkeys(_RULES_NOT_ON_EKS, False),
                # We have our own dead man's switch: the chart's would not detect that our rules are missing.
                "disabled": {"Watchdog": True},
                **({} if names.env.previews is None else _SILENT_PREVIEWS),
            },
            **{component: {"enabled": False} for component in _NOT_ON_EKS},
            "prometheusOperator": _operator(),
            "prometheus": _prometheus(monitoring, environment=names.env.name),
            "alertmanager": _alertmanager(monitoring),
            "grafana": grafana.values(),
            "kube-state-metrics": exporters.kube_state_metrics(),
            "prometheus-node-exporter": exporters.node_exporter(),
        },
        holds_data=True,  # the volumes of Prometheus
    )


def _operator() -> Values:
    return {
        # They check rules and Alertmanager's configuration when an object is written; promtool and
        # amtool do that on the pull request. Hook jobs would patch their certificate into objects that
        # Argo CD compares, and the add-on would stay out of sync.
        "admissionWebhooks": {"enabled": False},
        "tls": {"enabled": False},  # it needs that certificate, and only the webhooks use it
        "resources": OPERATOR.as_manifest(),
        "nodeSelector": ON_GENERAL_POOL,
        "podLabels": _labels(MonitoringPart.OPERATOR),
        "prometheusConfigReloader": {"resources": CONFIG_RELOADER.as_manifest()},
    }


def _prometheus(monitoring: Monitoring, *, environment: str) -> Values:
    replicas = monitoring.prometheus_replicas
    return {
        "podDisruptionBudget": _disruption_budget(replicas),
        "prometheusSpec": {
            **_objects_of_everyone(),
            "replicas": replicas,
            "podAntiAffinity": "hard",  # two on one node would be lost together
            "scrapeInterval": f"{SCRAPE_INTERVAL_SECONDS}s",
            "evaluationInterval": f"{SCRAPE_INTERVAL_SECONDS}s",
            "externalLabels": {
                "environment": environment
            },  # an alert has its environment as a label
            "retention": f"{monitoring.prometheus_retention_days}d",
            "retentionSize": f"{monitoring.prometheus_retention_gib}GiB",
            "storageSpec": {
                "volumeClaimTemplate": {
                    "spec": {
                        "storageClassName": DEFAULT_STORAGE_CLASS,
                        "accessModes": ["ReadWriteOnce"],
                        "resources": {
                            "requests": {"storage": f"{monitoring.prometheus_storage_gib}Gi"}
                        },
                    }
                }
            },
            # The operator deletes the StatefulSet and makes it again when a field changes that Kubernetes
            # cannot change, as the volume's size or what an upgrade brings. With "Delete" the claims would
            # go with it, and all metrics. When replicas are removed, a volume that stays costs a few
            # dollars a month; a mistake in the number would cost the metrics. A teardown deletes all
            # claims (`evalctl/lifecycle/teardown.py`).
            "persistentVolumeClaimRetentionPolicy": {
                "whenDeleted": "Retain",
                "whenScaled": "Retain",
            },
            "resources": monitoring.prometheus_compute.as_manifest(),
            "nodeSelector": ON_GENERAL_POOL,
            "podMetadata": {"labels": _labels(MonitoringPart.PROMETHEUS)},
        },
    }


def _objects_of_everyone() -> Values:
    """Monitors and rules of all namespaces, not only those with the label of Helm's release."""
    kinds = ("podMonitor", "probe", "rule", "scrapeConfig", "serviceMonitor")
    return {f"{kind}SelectorNilUsesHelmValues": False for kind in kinds}


def _alertmanager(monitoring: Monitoring) -> Values:
    replicas = monitoring.alertmanager_replicas
    return {
        "podDisruptionBudget": _disruption_budget(replicas),
        "alertmanagerSpec": {
            # Routes, messages and webhooks in one (`dashboards/alerting/alertmanager.py`). While it is missing,
            # the operator starts Alertmanager with a configuration that sends nothing.
            "useExistingSecret": True,
            "configSecret": ALERTMANAGER_CONFIG,
            # Routes are in that Secret only; no other namespace may add its own.
            "alertmanagerConfigNamespaceSelector": {
                "matchLabels": {"kubernetes.io/metadata.name": MONITORING_NAMESPACE}
            },
            # Without a volume: a new replica copies the silences from the other.
            "replicas": replicas,
            "podAntiAffinity": "hard",
            "resources": ALERTMANAGER.as_manifest(),
            "nodeSelector": ON_GENERAL_POOL,
            "podMetadata": {"labels": _labels(MonitoringPart.ALERTMANAGER)},
        },
    }


def _disruption_budget(replicas: int) -> Values:
    # minAvailable is the chart's default. A budget for one replica would block every drain.
    return {"enabled": replicas > 1, "minAvailable": 1}


def _labels(part: MonitoringPart) -> Values:
    return {MONITORING_LABEL: part}
