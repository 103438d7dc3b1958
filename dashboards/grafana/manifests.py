"""What Grafana's sidecars load: a ConfigMap for each board, and one with the ClickHouse data source.

The data source contains no credential. Grafana reads the password and the private authority's
certificate from files: a Secret that the External Secrets Operator writes (`k8s/monitoring.py`) and
Grafana's pod mounts (`argocd/addons/grafana.py`). Prometheus' data source is kube-prometheus-stack's
own, with the uid to which boards refer.
"""

from collections.abc import Iterable

import constructs
from cdk8s_plus_28 import k8s

from bindings.yaml_text import to_yaml
from dashboards.grafana.dashboard import dashboard_json
from dashboards.grafana.queries import CLICKHOUSE_UID
from dashboards.observable import Board
from environments.names import (
    CLICKHOUSE_DATABASE,
    CLICKHOUSE_HTTPS_PORT,
    CLICKHOUSE_READER,
    GRAFANA_CLICKHOUSE_CA,
    GRAFANA_CLICKHOUSE_FILES,
    GRAFANA_CLICKHOUSE_PASSWORD,
    GRAFANA_CLICKHOUSE_PLUGIN,
    GRAFANA_FOLDER_ANNOTATION,
    Names,
)

DASHBOARD_LABEL = "grafana_dashboard"
DATA_SOURCE_LABEL = "grafana_datasource"
FOLDER = "AI evaluation platform"

# Longer than the largest board takes on two years of results, shorter than Grafana's own limit of 30 s
# for a panel.
QUERY_TIMEOUT_SECONDS = 20


def grafana_manifests(
    scope: constructs.Construct, boards: Iterable[Board], *, names: Names
) -> None:
    """The boards, in their order, and the data source."""
    for board in boards:
        _config_map(
            scope,
            f"board-{board.uid}",
            label=DASHBOARD_LABEL,
            file=f"{board.uid}.json",
            text=dashboard_json(board, env=names.env),
            annotations={GRAFANA_FOLDER_ANNOTATION: FOLDER},
        )
    _config_map(
        scope,
        "clickhouse-data-source",
        label=DATA_SOURCE_LABEL,
        file="clickhouse.yaml",
        text=to_yaml(clickhouse_data_source(names)),
    )


def clickhouse_data_source(names: Names) -> dict[str, object]:
    """The file that Grafana provisions the data source from."""
    return {
        "apiVersion": 1,
        "datasources": [
            {
                "name": "ClickHouse",
                "uid": CLICKHOUSE_UID,
                "type": GRAFANA_CLICKHOUSE_PLUGIN,
                "access": "proxy",
                "editable": False,
                "jsonData": {
                    "host": names.clickhouse_host,
                    "port": CLICKHOUSE_HTTPS_PORT,
                    "protocol": "http",
                    "secure": True,
                    "tlsAuthWithCACert": True,
                    "username": CLICKHOUSE_READER,
                    "defaultDatabase": CLICKHOUSE_DATABASE,
                    "queryTimeout": str(QUERY_TIMEOUT_SECONDS),
                },
                "secureJsonData": {
                    "password": _from_file(GRAFANA_CLICKHOUSE_PASSWORD),
                    "tlsCACert": _from_file(GRAFANA_CLICKHOUSE_CA),
                },
            }
        ],
    }


def _from_file(name: str) -> str:
    """Grafana replaces this with the file's text when it loads the data source."""
    return f"$__file{{{GRAFANA_CLICKHOUSE_FILES}/{name}}}"


def _config_map(
    scope: constructs.Construct,
    name: str,
    *,
    label: str,
    file: str,
    text: str,
    annotations: dict[str, str] | None = None,
) -> None:
    k8s.KubeConfigMap(
        scope,
        name,
        metadata=k8s.ObjectMeta(name=name, labels={label: "1"}, annotations=annotations),
        data={file: text},
    )
