"""What the monitoring charts need first: their namespace, its secrets and its network policies.

The charts themselves are add-ons of Argo CD (`argocd/addons/`).
"""

import constructs
from cdk8s_plus_28 import k8s

from bindings.external_secrets import Field, fields_of
from environments.address_plan import address_plan
from environments.names import (
    CLICKHOUSE_HTTPS_PORT,
    GRAFANA_ADMIN_PASSWORD_KEY,
    GRAFANA_ADMIN_USER_KEY,
    GRAFANA_CLICKHOUSE_CA,
    GRAFANA_CLICKHOUSE_PASSWORD,
    GRAFANA_SIDECAR_ROLE,
    MONITORING_NAMESPACE,
    NAMESPACE,
    URL_KEY,
    App,
    Secret,
)
from environments.spec import Environment
from k8s.parts.base import AppChart
from k8s.parts.external_secrets import ExternalSecret, SecretStore
from k8s.parts.limits import count, limit_range, mebibytes, millicores, resource_quota
from k8s.parts.monitoring_network import MonitoringNetwork
from k8s.parts.prometheus_operator import PodMonitor, ScrapeConfig
from k8s.parts.stores import REDIS_URL
from telemetry.contract import Emitter

_SCRAPED = (App.ORCHESTRATOR, App.WORKER)


class MonitoringChart(AppChart):
    """The namespace with its limits, secrets and network policies, and what Prometheus scrapes."""

    def __init__(self, scope: constructs.Construct, *, env: Environment) -> None:
        super().__init__(scope, App.MONITORING, env=env)
        self.restricted_namespace(MONITORING_NAMESPACE)
        self._quota()
        self._limit_range()
        MonitoringNetwork(self, "network", plan=address_plan(env.network))
        SecretStore(self, "store", region=env.account.region)
        self._grafana_administrator()
        self._grafana_clickhouse()
        self._redis_exporter()
        self._sidecar_role()
        self._scraping()

    def _quota(self) -> None:
        """No disk except Prometheus'. What pods request is in the charts' values."""
        replicas = self.env.monitoring.prometheus_replicas
        storage_gib = replicas * self.env.monitoring.prometheus_storage_gib
        resource_quota(
            self,
            "monitoring",
            {
                "persistentvolumeclaims": count(replicas),
                "requests.storage": k8s.Quantity.from_string(f"{storage_gib}Gi"),
            },
        )

    def _limit_range(self) -> None:
        limit_range(
            self,
            default_request={"cpu": millicores(10), "memory": mebibytes(64)},
            default={"cpu": millicores(200), "memory": mebibytes(128)},
        )

    def _grafana_administrator(self) -> None:
        """The keys are the defaults of Grafana's chart."""
        ExternalSecret(
            self,
            Secret.GRAFANA_ADMIN,
            fields=fields_of(self.names.secret(Secret.GRAFANA_ADMIN), "username", "password"),
            template={
                GRAFANA_ADMIN_USER_KEY: "{{ .username }}",
                GRAFANA_ADMIN_PASSWORD_KEY: "{{ .password }}",
            },
        )

    def _grafana_clickhouse(self) -> None:
        """Files that Grafana's pod mounts; its data source refers to them (`dashboards/`)."""
        ExternalSecret(
            self,
            Secret.CLICKHOUSE_READER,
            fields=(
                *fields_of(self.names.secret(Secret.CLICKHOUSE_READER), "password"),
                Field(key="ca", secret=self.names.secret(Secret.CLICKHOUSE_CA), field=None),
            ),
            template={
                GRAFANA_CLICKHOUSE_PASSWORD: "{{ .password }}",
                GRAFANA_CLICKHOUSE_CA: "{{ .ca }}",
            },
        )

    def _redis_exporter(self) -> None:
        """Address, user and password in one URL, as redis_exporter reads them."""
        ExternalSecret(
            self,
            Secret.REDIS_METRICS_USER,
            fields=(
                *fields_of(self.names.secret(Secret.REDIS), "host", "port"),
                *fields_of(self.names.secret(Secret.REDIS_METRICS_USER), "username", "password"),
            ),
            template={URL_KEY: REDIS_URL},
        )

    def _sidecar_role(self) -> None:
        """Boards and data sources are ConfigMaps. The chart's own Role would also read Secrets."""
        k8s.KubeRole(
            self,
            "sidecar-role",
            metadata=k8s.ObjectMeta(name=GRAFANA_SIDECAR_ROLE),
            rules=[
                k8s.PolicyRule(
                    api_groups=[""], resources=["configmaps"], verbs=["get", "list", "watch"]
                )
            ],
        )

    def _scraping(self) -> None:
        PodMonitor(
            self,
            "platform",
            name="platform",
            namespace_of_pods=NAMESPACE,
            apps=_SCRAPED,
            port="metrics",
        )
        ScrapeConfig(
            self,
            "clickhouse",
            emitter=Emitter.CLICKHOUSE,
            hosts=self.names.clickhouse_hosts,
            port=CLICKHOUSE_HTTPS_PORT,
            ca_secret=Secret.CLICKHOUSE_READER,
            ca_key=GRAFANA_CLICKHOUSE_CA,
        )
