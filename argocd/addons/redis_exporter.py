"""redis_exporter: how many jobs wait in the queue (B7), and the state of the store.

It signs in as its own user, which may count and nothing else (`environments/queue_users.py`), so a new
password of the application does not affect it. Its own password is a variable, which does not change in
a running pod: docs/secrets.md lists what to do after a rotation.

Value keys: `charts/prometheus-redis-exporter` of prometheus-community/helm-charts, its values read at
6.x with exporter 1.60 and later; releases up to 6.31.1 changed the exporter's version only. Flags and
the metric's labels are tested with a real exporter and server.
"""

from argocd.addons.chart import AddonChart
from argocd.addons.values import (
    CONTAINER_SECURITY,
    ON_GENERAL_POOL,
    POD_SECURITY,
    Values,
)
from environments.names import (
    MONITORING_LABEL,
    MONITORING_NAMESPACE,
    REDIS_QUEUE_KEY,
    URL_KEY,
    Addon,
    MonitoringPart,
    Names,
    Secret,
)
from environments.spec import Compute

FLAGS = {
    "check-single-keys": f"db0={REDIS_QUEUE_KEY}",
    # ElastiCache has no CONFIG command, and the user may not set its connection's name.
    "config-command": "-",
    "set-client-name": "false",
}

EXPORTER = Compute.of(cpu="10m", cpu_limit="100m", memory="32Mi", memory_limit="64Mi")
_USER = 59000  # the image's own


def chart(_: Names) -> AddonChart:
    return AddonChart(
        addon=Addon.REDIS_EXPORTER,
        namespace=MONITORING_NAMESPACE,
        values=_values(),
    )


def _values() -> Values:
    return {
        # One: a second would export the same numbers, and a new pod starts within a few seconds, while
        # the alerts about its absence wait for minutes.
        "replicaCount": 1,
        "rbac": {"create": False},
        "redisAddressConfig": {
            "enabled": True,
            "isSecret": True,
            "source": {"name": Secret.REDIS_METRICS_USER, "key": URL_KEY},
        },
        "extraArgs": FLAGS,
        "serviceMonitor": {"enabled": True},
        "resources": EXPORTER.as_manifest(),
        "nodeSelector": ON_GENERAL_POOL,
        "labels": {MONITORING_LABEL: MonitoringPart.REDIS_EXPORTER},
        "podSecurityContext": {"runAsUser": _USER, "runAsGroup": _USER, **POD_SECURITY},
        "securityContext": CONTAINER_SECURITY,
    }
