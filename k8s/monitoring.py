"""What the monitoring charts stand on: their namespace, its secrets, and who may talk to whom in it.

The charts themselves are add-ons of Argo CD; what they make is not here.
"""

import constructs
from cdk8s_plus_28 import k8s

from bindings.external_secrets import Field
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
from k8s.namespace import restricted_namespace
from k8s.parts.base import AppChart
from k8s.parts.custom_resources import ExternalSecret, SecretStore
from k8s.parts.monitoring_network import MonitoringNetwork
from k8s.parts.pod_monitor import PodMonitor
from k8s.parts.scrape_config import ScrapeConfig
from telemetry.contract import Emitter

_SCRAPED = (App.ORCHESTRATOR, App.WORKER)


class MonitoringChart(AppChart):
    """The namespace with its limits, secrets and network policies, and the scraping of our own pods."""

    def __init__(self, scope: constructs.Construct, *, env: Environment) -> None:
        super().__init__(scope, App.MONITORING, env=env)
        restricted_namespace(self, MONITORING_NAMESPACE)
        self._quota()
        self._limit_range()
        MonitoringNetwork(self, "network", vpc_cidr=env.network.vpc_cidr)
        SecretStore(self, "store", region=env.account.region)
        self._grafana_administrator()
        self._grafana_clickhouse()
        self._redis_exporter()
        self._sidecar_role()
        self._scraping()

    def _quota(self) -> None:
        """No way in and no disk but Prometheus'. What pods ask for is in the charts' values."""
        replicas = self.env.monitoring.prometheus_replicas
        storage = replicas * self.env.monitoring.prometheus_storage_gib
        none = k8s.Quantity.from_string("0")
        k8s.KubeResourceQuota(
            self,
            "resource-quota",
            metadata=k8s.ObjectMeta(name="monitoring"),
            spec=k8s.ResourceQuotaSpec(
                hard={
                    "persistentvolumeclaims": k8s.Quantity.from_string(str(replicas)),
                    "requests.storage": k8s.Quantity.from_string(f"{storage}Gi"),
                    "services.loadbalancers": none,
                    "services.nodeports": none,
                }
            ),
        )

    def _limit_range(self) -> None:
        """For a container that says nothing, such as one for debugging (B10)."""
        quantity = k8s.Quantity.from_string
        k8s.KubeLimitRange(
            self,
            "limit-range",
            metadata=k8s.ObjectMeta(name="containers"),
            spec=k8s.LimitRangeSpec(
                limits=[
                    k8s.LimitRangeItem(
                        type="Container",
                        default_request={"cpu": quantity("10m"), "memory": quantity("64Mi")},
                        default={"cpu": quantity("200m"), "memory": quantity("128Mi")},
                    )
                ]
            ),
        )

    def _grafana_administrator(self) -> None:
        """Under the names that Grafana's chart asks for by default."""
        self._external(
            Secret.GRAFANA_ADMIN,
            fields=self._fields(Secret.GRAFANA_ADMIN, "username", "password"),
            template={
                GRAFANA_ADMIN_USER_KEY: "{{ .username }}",
                GRAFANA_ADMIN_PASSWORD_KEY: "{{ .password }}",
            },
        )

    def _grafana_clickhouse(self) -> None:
        """Files that Grafana's pod mounts; its data source names them (`dashboards/`)."""
        self._external(
            Secret.CLICKHOUSE_READER,
            fields=(
                *self._fields(Secret.CLICKHOUSE_READER, "password"),
                Field(key="ca", secret=self.names.secret(Secret.CLICKHOUSE_CA), field=None),
            ),
            template={
                GRAFANA_CLICKHOUSE_PASSWORD: "{{ .password }}",
                GRAFANA_CLICKHOUSE_CA: "{{ .ca }}",
            },
        )

    def _redis_exporter(self) -> None:
        """Address, user and password in one, as redis_exporter takes them."""
        self._external(
            Secret.REDIS_METRICS_USER,
            fields=(
                *self._fields(Secret.REDIS, "host", "port"),
                *self._fields(Secret.REDIS_METRICS_USER, "username", "password"),
            ),
            # ElastiCache's certificate is from a public authority, so the client needs no other.
            template={
                URL_KEY: (
                    "rediss://{{ .username | urlquery }}:{{ .password | urlquery }}"
                    "@{{ .host }}:{{ .port }}"
                )
            },
        )

    def _sidecar_role(self) -> None:
        """Boards and data sources are ConfigMaps. The chart's own Role would read Secrets as well."""
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

    def _fields(self, secret: Secret, *fields: str) -> tuple[Field, ...]:
        return tuple(
            Field(key=field, secret=self.names.secret(secret), field=field) for field in fields
        )

    def _external(
        self, secret: Secret, *, fields: tuple[Field, ...], template: dict[str, str]
    ) -> None:
        ExternalSecret(
            self,
            secret,
            name=secret,
            labels=self.names.labels(App.MONITORING),
            fields=fields,
            template=template,
        )
