"""The Prometheus operator's PodMonitor, and only the fields that this plane sets."""

import constructs

from bindings.custom_resource import CustomResource
from environments.names import App

API_VERSION = "monitoring.coreos.com/v1"


class PodMonitor(CustomResource):
    """Prometheus asks each pod of these apps for its metrics; `job` is the app."""

    def __init__(
        self,
        scope: constructs.Construct,
        id_: str,
        *,
        name: str,
        namespace_of_pods: str,
        apps: tuple[App, ...],
        port: str,
    ) -> None:
        label = "app.kubernetes.io/name"
        super().__init__(
            scope,
            id_,
            api_version=API_VERSION,
            kind="PodMonitor",
            name=name,
            spec={
                "jobLabel": label,
                "namespaceSelector": {"matchNames": [namespace_of_pods]},
                "selector": {
                    "matchExpressions": [{"key": label, "operator": "In", "values": list(apps)}]
                },
                "podMetricsEndpoints": [{"port": port, "path": "/metrics"}],
            },
        )
