"""prometheus-adapter: hands the queue's length to the workers' autoscaler, as an external metric.

It belongs to no namespace (`namespaced: False`), so that every HPA reads the same. An empty queue is 0
and not no answer, which would keep workers from becoming fewer: redis_exporter tells a length for each
key that it is asked for (oliver006/redis_exporter#483). CPU and memory stay metrics-server's.

The chart lets the HPA's controller read external metrics (`templates/external-metrics-cluster-role*`),
as Kubernetes' own role for it does; it makes the APIService only where there is an external rule.

Value keys: `charts/prometheus-adapter` of prometheus-community/helm-charts, read at 5.3; the set's 5.4
was not at hand.
"""

from argocd.addons.release import Release
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
    REDIS_QUEUE_KEY,
    Addon,
    MonitoringPart,
    Names,
)
from environments.spec import Compute

ADAPTER = Compute.of(cpu="15m", cpu_limit="200m", memory="64Mi", memory_limit="192Mi")
_USER = 10001  # the chart's own


def release(names: Names) -> Release:
    return Release(
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
        # The default rules would offer every series of the cluster.
        "rules": {"default": False, "external": [_queue_rule()]},
        # While nothing answers for an API of the cluster, namespaces cannot be deleted.
        "replicas": replicas,
        "podDisruptionBudget": {"enabled": replicas > 1, "maxUnavailable": 1},
        "topologySpreadConstraints": spread_over_nodes(labels),
        # Each pod signs its own certificate and the API server does not check it: without a CA there
        # is none that changes at each rendering. What could be forged is the length of a queue, and with
        # it the number of workers between their bounds.
        "tls": {"enable": False},
        "certManager": {"enabled": False},
        "resources": ADAPTER.as_manifest(),
        "nodeSelector": ON_GENERAL_POOL,
        "podLabels": labels,
        "podSecurityContext": {"fsGroup": _USER, **POD_SECURITY},
        "securityContext": {**CONTAINER_SECURITY, "runAsUser": _USER},
    }


def _queue_rule() -> Values:
    series = f'redis_key_size{{key="{REDIS_QUEUE_KEY}"}}'
    return {
        "seriesQuery": series,
        "resources": {"namespaced": False},
        "name": {"as": QUEUE_METRIC},
        # The greatest, since each Prometheus and each exporter tells the same queue.
        "metricsQuery": f'max(<<.Series>>{{key="{REDIS_QUEUE_KEY}",<<.LabelMatchers>>}})',
    }
