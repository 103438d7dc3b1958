"""The Prometheus operator's PodMonitor and ScrapeConfig, with only the fields that are set here."""

import constructs

from bindings.custom_resource import CustomResource
from environments.names import App
from telemetry.contract import METRICS, UP, Emitter


class PodMonitor(CustomResource):
    """Prometheus scrapes each pod of these apps; the label `job` is the app."""

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
            api_version="monitoring.coreos.com/v1",
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


class ScrapeConfig(CustomResource):
    """Prometheus scrapes machines outside the cluster over TLS, for the metrics in the contract.

    The label `instance` is the host without its port. All other metrics of the machines are dropped:
    they would be thousands of series for each machine, and no board or alert uses them.
    """

    def __init__(
        self,
        scope: constructs.Construct,
        id_: str,
        *,
        emitter: Emitter,
        hosts: tuple[str, ...],
        port: int,
        ca_secret: str,
        ca_key: str,
    ) -> None:
        kept = sorted(
            series
            for metric in METRICS
            if metric.emitter is emitter and metric is not UP  # Prometheus adds UP itself
            for series in metric.series
        )
        super().__init__(
            scope,
            id_,
            api_version="monitoring.coreos.com/v1alpha1",
            kind="ScrapeConfig",
            name=emitter,
            spec={
                "jobName": emitter,
                "scheme": "HTTPS",
                "metricsPath": "/metrics",
                "staticConfigs": [{"targets": [f"{host}:{port}" for host in hosts]}],
                "tlsConfig": {"ca": {"secret": {"name": ca_secret, "key": ca_key}}},
                "relabelings": [
                    {
                        "action": "replace",
                        "sourceLabels": ["__address__"],
                        "regex": r"(.+):\d+",
                        "targetLabel": "instance",
                        "replacement": "$1",
                    }
                ],
                "metricRelabelings": [
                    {
                        "action": "keep",
                        "sourceLabels": ["__name__"],
                        "regex": "|".join(kept),
                    }
                ],
            },
        )
