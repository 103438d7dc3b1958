"""Grafana, part of kube-prometheus-stack: it has no storage, and everything it shows is in Git.

Boards and data sources are ConfigMaps of the monitoring namespace with the label `grafana_dashboard`
or `grafana_datasource`; the annotation `grafana_folder` names a board's folder. Nothing exposes it
outside the cluster: `kubectl -n monitoring port-forward service/kube-prometheus-stack-grafana 3000:80`.

**Without grafana.com.** Grafana's volume is empty at each start, so it fetches its plugin each time. It
does this in the background: a plugin of the chart's `plugins` is fetched first, and Grafana ends if it
cannot be. While grafana.com cannot be reached, the boards of Prometheus work and those of ClickHouse show
no data; Grafana tries again at its next start. An image of ours, or a volume, would need no grafana.com
either. But somebody would have to build each new image, and a volume holds an old plugin after an upgrade.

**Memory.** Plugins are processes of their own in Grafana's container, and share its limit. The chart sets
GOMEMLIMIT to the whole limit, so Go would collect no garbage before the limit is reached. A value of ours
would be a second variable of this name, which the API server refuses in a server-side apply
(grafana-community/helm-charts, issue 754). GOGC makes Go collect garbage earlier, whatever the limit is.

Value keys: `charts/grafana` of grafana-community/helm-charts, its values and templates read at 13.x.
"""

from argocd.addons.values import ON_GENERAL_POOL, Values
from environments.names import (
    GRAFANA_ADMIN_PASSWORD_KEY,
    GRAFANA_ADMIN_USER_KEY,
    GRAFANA_CLICKHOUSE_FILES,
    GRAFANA_CLICKHOUSE_PLUGIN,
    GRAFANA_FOLDER_ANNOTATION,
    GRAFANA_SIDECAR_ROLE,
    MONITORING_LABEL,
    MONITORING_NAMESPACE,
    MonitoringPart,
    Secret,
)
from environments.spec import Compute

# Of the ClickHouse data source, which boards about results and cost need; grafana.com lists 4.20.0,
# of 2026-07-20, for Grafana 11.6 and later.
CLICKHOUSE_PLUGIN = f"{GRAFANA_CLICKHOUSE_PLUGIN}@4.20.0"

# Users report 0.7 GiB in normal use and 1 GiB at most for Grafana 13.2 with these boards; the rest of the
# limit is for plugins.
GRAFANA = Compute.of(cpu="100m", cpu_limit="1000m", memory="640Mi", memory_limit="1536Mi")
# The heap may grow by this part of what is in use before Go collects garbage; its default is 100.
_HEAP_GROWTH_PERCENT = 50
# Two of them, one for boards and one for data sources.
SIDECAR = Compute.of(cpu="10m", cpu_limit="100m", memory="80Mi", memory_limit="160Mi")


def values() -> Values:
    return {
        # One: sessions are in its own database, so with two replicas people would have to sign in again
        # and again. While it is down, boards cannot be seen, and alerts are still sent.
        "replicas": 1,
        "persistence": {"enabled": False},
        "initChownData": {"enabled": False},  # would run as root
        "testFramework": {"enabled": False},
        # Otherwise the chart generates a new password each time it is rendered.
        "admin": {
            "existingSecret": Secret.GRAFANA_ADMIN,
            "userKey": GRAFANA_ADMIN_USER_KEY,
            "passwordKey": GRAFANA_ADMIN_PASSWORD_KEY,
        },
        # A Role of ours, because the chart's ClusterRole reads every Secret of the cluster.
        "rbac": {"namespaced": True, "useExistingRole": GRAFANA_SIDECAR_ROLE},
        "sidecar": _sidecar(),
        "env": {"GOGC": str(_HEAP_GROWTH_PERCENT)},
        # The ClickHouse data source refers to these files, so that its ConfigMap holds no password.
        "extraSecretMounts": [
            {
                "name": "clickhouse",
                "secretName": Secret.CLICKHOUSE_READER,
                "mountPath": GRAFANA_CLICKHOUSE_FILES,
                "defaultMode": 0o440,
                "readOnly": True,
            }
        ],
        "grafana.ini": _settings(),
        "resources": GRAFANA.as_manifest(),
        "nodeSelector": ON_GENERAL_POOL,
        "podLabels": {MONITORING_LABEL: MonitoringPart.GRAFANA},
    }


def _sidecar() -> Values:
    config_maps: Values = {"resource": "configmap", "searchNamespace": MONITORING_NAMESPACE}
    return {
        "resources": SIDECAR.as_manifest(),
        "dashboards": {
            **config_maps,
            "folderAnnotation": GRAFANA_FOLDER_ANNOTATION,
            "annotations": {GRAFANA_FOLDER_ANNOTATION: "Kubernetes"},  # of the chart's own boards
            "provider": {"foldersFromFilesStructure": True},
        },
        "datasources": config_maps,
    }


def _settings() -> Values:
    return {
        "analytics": {
            "check_for_updates": False,
            "check_for_plugin_updates": False,
            "reporting_enabled": False,
        },
        "auth.anonymous": {"enabled": False},
        "users": {"allow_sign_up": False},
        # Since 13.2 the Prometheus data source is a plugin in the image. At each start Grafana would
        # stop it to install a newer version, and fail on the read-only file system: no board would
        # show data (grafana-community/helm-charts, issue 787).
        # `preinstall` is in the background, `preinstall_sync` before the start (grafana/grafana,
        # pkg/setting/setting_plugins.go).
        "plugins": {"preinstall": CLICKHOUSE_PLUGIN, "preinstall_auto_update": False},
    }
