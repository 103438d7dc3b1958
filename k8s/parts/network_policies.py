"""The network policies of the platform's namespace: all traffic is denied, except what is listed here."""

import constructs

from bindings.network_policies import (
    Egress,
    Ingress,
    addresses,
    aws_credentials,
    default_deny,
    dns,
    from_,
    in_namespace,
    internet,
    network_policy,
    to,
)
from environments.address_plan import ZoneCidrs
from environments.names import (
    CLICKHOUSE_HTTPS_PORT,
    CLICKHOUSE_NATIVE_TLS_PORT,
    METRICS_PORT,
    MONITORING_NAMESPACE,
    ORCHESTRATOR_PORT,
    POSTGRES_PORT,
    REDIS_PORT,
    SERVICE_CIDR,
    App,
)
from k8s.parts.base import selector


class NetworkPolicies(constructs.Construct):
    """Default deny in both directions, DNS for all pods, and each app's own traffic."""

    def __init__(
        self, scope: constructs.Construct, id_: str, *, plan: tuple[ZoneCidrs, ...]
    ) -> None:
        super().__init__(scope, id_)
        data = [addresses(zone.data) for zone in plan]
        private = [addresses(zone.private) for zone in plan]
        public = [addresses(zone.public) for zone in plan]
        stores = [
            to(data, POSTGRES_PORT, REDIS_PORT),
            to(private, CLICKHOUSE_HTTPS_PORT, CLICKHOUSE_NATIVE_TLS_PORT),
        ]
        # LLM providers, and S3: its gateway endpoint in the VPC uses S3's public addresses.
        https = to([internet()], 443)
        credentials = aws_credentials()
        scrape = from_([in_namespace(MONITORING_NAMESPACE)], METRICS_PORT)

        default_deny(self)
        dns(self, services=addresses(SERVICE_CIDR))
        self._policy(
            App.ORCHESTRATOR,
            # The load balancer sends to pods directly. No pod is in its subnets (`stacks/network.py`).
            ingress=[from_(public, ORCHESTRATOR_PORT), scrape],
            egress=[*stores, https, credentials],
        )
        self._policy(App.WORKER, ingress=[scrape], egress=[*stores, https, credentials])
        self._policy(App.DATABASE_USERS, ingress=[], egress=[to(data, POSTGRES_PORT)])
        self._policy(
            App.CLICKHOUSE_SCHEMA, ingress=[], egress=[to(private, CLICKHOUSE_NATIVE_TLS_PORT)]
        )

    def _policy(
        self,
        app: App,
        *,
        ingress: list[Ingress],
        egress: list[Egress],
    ) -> None:
        network_policy(self, app, pods=selector(app), ingress=ingress, egress=egress)
