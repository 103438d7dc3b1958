"""prometheus-adapter: gives the number of unfinished jobs to the workers' autoscaler, as an external metric.

The metric has no namespace (`namespaced: False`), so every HPA reads the same value. An empty queue is
0, because redis_exporter exports a length for each key that it is configured with
(oliver006/redis_exporter#483); without a value the workers could not become fewer. CPU and memory
metrics stay metrics-server's.

The chart lets the HPA's controller read external metrics (`templates/external-metrics-cluster-role*`),
as Kubernetes' own role does; it makes the APIService only if there is an external rule.

Value keys: `charts/prometheus-adapter` of prometheus-community/helm-charts, read at 5.3; the set's 5.4
was not available.
"""

from argocd.addons.chart import AddonChart
from argocd.addons.values import (
    CONTAINER_SECURITY,
    ON_GENERAL_POOL,
    POD_SECURITY,
    Values,
    spread_over_nodes,
)
from environments.names import (
    MONITORING_LABEL,
    MONITORING_NAMESPACE,
    PROMETHEUS_PORT,
    QUEUE_METRIC,
    Addon,
    MonitoringPart,
    Names,
)
from environments.spec import Compute
from telemetry.queue_length import QUEUE_SERIES, UNFINISHED_JOBS

ADAPTER = Compute.of(cpu="15m", cpu_limit="200m", memory="64Mi", memory_limit="192Mi")
_USER = 10001  # the chart's own


def chart(names: Names) -> AddonChart:
    return AddonChart(
        addon=Addon.PROMETHEUS_ADAPTER,
        namespace=MONITORING_NAMESPACE,
        values=_values(replicas=names.env.controller_replicas),
    )


def _values(*, replicas: int) -> Values:
    labels: dict[str, str] = {MONITORING_LABEL: MonitoringPart.ADAPTER}
    return {
        "prometheus": {
            "url": f"http://{Addon.PROMETHEUS_STACK}-prometheus.{MONITORING_NAMESPACE}.svc",
            "port": PROMETHEUS_PORT,
        },
        # The default rules would serve every series of the cluster.
        "rules": {"default": False, "external": [_queue_rule()]},
        # While the server of an aggregated API is down, Kubernetes cannot delete namespaces.
        "replicas": replicas,
        "podDisruptionBudget": {"enabled": replicas > 1, "maxUnavailable": 1},
        "topologySpreadConstraints": spread_over_nodes(labels),
        # Each pod signs its own certificate and the API server does not verify it: a CA of the chart
        # would change at each rendering. An attacker could forge the length of the queue, and so set
        # the number of workers between their bounds.
        "tls": {"enable": False},
        "certManager": {"enabled": False},
        "resources": ADAPTER.as_manifest(),
        "nodeSelector": ON_GENERAL_POOL,
        "podLabels": labels,
        "podSecurityContext": {"fsGroup": _USER, **POD_SECURITY},
        "securityContext": {**CONTAINER_SECURITY, "runAsUser": _USER},
    }


def _queue_rule() -> Values:
    return {
        "seriesQuery": QUEUE_SERIES,
        "resources": {"namespaced": False},
        "name": {"as": QUEUE_METRIC},
        # No `<<.LabelMatchers>>`: the autoscaler gives no selector and the metric has no namespace.
        "metricsQuery": UNFINISHED_JOBS,
    }
