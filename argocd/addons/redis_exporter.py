"""redis_exporter: how many jobs wait in the queue (B7), and how the store itself fares.

It signs in as a user of its own that may count and nothing else (`stacks/parts/queue_user.py`), so that a new
password of the application's is none of its business. Its own comes in a variable, which a running
pod does not see change: docs/secrets.md tells what to do after a rotation.

Value keys: `charts/prometheus-redis-exporter` of prometheus-community/helm-charts, its values read at
6.x with exporter 1.60 and later; releases up to 6.31.1 changed the exporter's version only. Flags and
the metric's labels are tried with a real exporter and server in the tests.
"""

from argocd.addons.release import Release
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
    Addon,
    MonitoringPart,
    Names,
    Secret,
)
from environments.spec import Compute

URL = "url"  # key of the Secret: address, user and password in one

FLAGS = {
    "check-single-keys": f"db0={REDIS_QUEUE_KEY}",
    # ElastiCache has no CONFIG command, and the user may not name its connection.
    "config-command": "-",
    "set-client-name": "false",
}

EXPORTER = Compute.of(cpu="10m", cpu_limit="100m", memory="32Mi", memory_limit="64Mi")
_USER = 59000  # the image's own


def release(_: Names) -> Release:
    return Release(
        addon=Addon.REDIS_EXPORTER,
        namespace=MONITORING_NAMESPACE,
        values=_values(),
    )


def _values() -> Values:
    return {
        # One: a second would tell the same numbers, and this one starts within a few seconds, long
        # before an alert that waits for minutes would miss it.
        "replicaCount": 1,
        "rbac": {"create": False, "pspEnabled": False},
        "redisAddressConfig": {
            "enabled": True,
            "isSecret": True,
            "source": {"name": Secret.REDIS_METRICS_USER, "key": URL},
        },
        "extraArgs": FLAGS,
        "serviceMonitor": {"enabled": True},
        "resources": EXPORTER.as_manifest(),
        "nodeSelector": ON_GENERAL_POOL,
        "labels": {MONITORING_LABEL: MonitoringPart.REDIS_EXPORTER},
        "podSecurityContext": {"runAsUser": _USER, "runAsGroup": _USER, **POD_SECURITY},
        "securityContext": CONTAINER_SECURITY,
    }
