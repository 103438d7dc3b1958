"""The Prometheus operator's ScrapeConfig, and only the fields that this plane sets."""

import constructs

from bindings.custom_resource import CustomResource
from telemetry.contract import METRICS, UP, Emitter

API_VERSION = "monitoring.coreos.com/v1alpha1"


class ScrapeConfig(CustomResource):
    """Prometheus asks machines outside of the cluster, over TLS, for what the contract promises.

    `instance` is the host alone. Everything else that the machines tell is dropped: thousands of
    series for each, which nobody looks at.
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
        promised = sorted(
            series
            for metric in METRICS
            if metric.emitter is emitter and metric is not UP  # which Prometheus adds itself
            for series in metric.series
        )
        super().__init__(
            scope,
            id_,
            api_version=API_VERSION,
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
                        "regex": "|".join(promised),
                    }
                ],
            },
        )
