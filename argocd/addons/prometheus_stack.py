"""Prometheus, Alertmanager and Grafana, with the exporters that watch nodes and objects.

Everything stands in the monitoring namespace, which takes only restricted pods; node-exporter looks at
its host and stands in kube-system instead, where the chart puts its ServiceMonitor too.

Value keys: `charts/kube-prometheus-stack/values.yaml` of prometheus-community/helm-charts, read at
81.4, and what later majors changed, up to 91.5: since 90 the chart makes a token Secret with which
Prometheus signs in to kubelets. None of the keys here was renamed or dropped on the way; the chart of
the set, 92, was not at hand.
"""

from argocd.addons import exporters, grafana
from argocd.addons.release import Release
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

# Estimated for a dozen nodes and two hundred pods; the chart's boards show what is really taken, and
# the limit is for a bad day. Prometheus' own are the environment's.
OPERATOR = Compute.of(cpu="20m", cpu_limit="200m", memory="96Mi", memory_limit="192Mi")
CONFIG_RELOADER = Compute.of(cpu="5m", cpu_limit="100m", memory="32Mi", memory_limit="64Mi")
ALERTMANAGER = Compute.of(cpu="10m", cpu_limit="200m", memory="64Mi", memory_limit="128Mi")

# AWS runs these where no pod can reach them, or on an address of the node's own.
_NOT_ON_EKS = ("kubeControllerManager", "kubeScheduler", "kubeEtcd", "kubeProxy")
_RULES_NOT_ON_EKS = (
    "etcd",
    "kubeControllerManager",
    "kubeProxy",
    "kubeSchedulerAlerting",
    "kubeSchedulerRecording",
    "windows",
)

# The chart's alerts about pods and Jobs. A preview is a pull request's to watch, and its Jobs run long
# and end by their deadline, which two of the alerts would report each time.
_SILENT_PREVIEWS = {
    "appNamespacesOperator": "!~",
    "appNamespacesTarget": f"{PREVIEW_NAMESPACE_PREFIX}.*",
}


def release(names: Names) -> Release:
    monitoring = names.env.monitoring
    return Release(
        addon=Addon.PROMETHEUS_STACK,
        namespace=MONITORING_NAMESPACE,
        values={
            "crds": {"enabled": False},  # an add-on of their own
            "defaultRules": {
                "rules": dict.fromkeys(_RULES_NOT_ON_EKS, False),
                # The dead man's switch is ours: the chart's would not notice if our rules were lost.
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
        # amtool do that on the pull request. Their certificate comes from hook jobs that patch what
        # Argo CD compares, so that the add-on would be out of sync for ever.
        "admissionWebhooks": {"enabled": False},
        "tls": {"enabled": False},  # served with that certificate, and needed for the webhooks only
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
            "externalLabels": {"environment": environment},  # an alert tells where it is from
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
            # A teardown leaves no volume behind, and neither does a replica fewer.
            "persistentVolumeClaimRetentionPolicy": {
                "whenDeleted": "Delete",
                "whenScaled": "Delete",
            },
            "resources": monitoring.prometheus_compute.as_manifest(),
            "nodeSelector": ON_GENERAL_POOL,
            "podMetadata": {"labels": _labels(MonitoringPart.PROMETHEUS)},
        },
    }


def _objects_of_everyone() -> Values:
    """Monitors and rules of all namespaces, not only those with this release's Helm label."""
    kinds = ("podMonitor", "probe", "rule", "scrapeConfig", "serviceMonitor")
    return {f"{kind}SelectorNilUsesHelmValues": False for kind in kinds}


def _alertmanager(monitoring: Monitoring) -> Values:
    replicas = monitoring.alertmanager_replicas
    return {
        "podDisruptionBudget": _disruption_budget(replicas),
        "alertmanagerSpec": {
            # Routes, messages and webhooks in one (`dashboards/alerting/alertmanager.py`). While it is missing,
            # the operator starts Alertmanager with a configuration that tells nobody anything.
            "useExistingSecret": True,
            "configSecret": ALERTMANAGER_CONFIG,
            # Routes are in that Secret only; no namespace but this one may add its own.
            "alertmanagerConfigNamespaceSelector": {
                "matchLabels": {"kubernetes.io/metadata.name": MONITORING_NAMESPACE}
            },
            # Without a volume: a replica that starts takes silences over from the other.
            "replicas": replicas,
            "podAntiAffinity": "hard",
            "resources": ALERTMANAGER.as_manifest(),
            "nodeSelector": ON_GENERAL_POOL,
            "podMetadata": {"labels": _labels(MonitoringPart.ALERTMANAGER)},
        },
    }


def _disruption_budget(replicas: int) -> Values:
    # minAvailable is the chart's own default. One replica has no budget, or no node would drain.
    return {"enabled": replicas > 1, "minAvailable": 1}


def _labels(part: MonitoringPart) -> Values:
    return {MONITORING_LABEL: part}
