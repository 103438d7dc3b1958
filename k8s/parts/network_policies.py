"""The network policies of the platform's namespace: all traffic is denied, except what is listed here."""

import constructs
from cdk8s_plus_28 import k8s

from environments.names import (
    CLICKHOUSE_HTTPS_PORT,
    CLICKHOUSE_NATIVE_TLS_PORT,
    METRICS_PORT,
    MONITORING_NAMESPACE,
    ORCHESTRATOR_PORT,
    POSTGRES_PORT,
    REDIS_PORT,
    App,
)
from k8s.parts.base import selector
from k8s.parts.network_paths import (
    POD_IDENTITY_AGENT,
    addresses,
    default_deny,
    dns,
    from_,
    in_namespace,
    internet,
    network_policy,
    to,
)


class NetworkPolicies(constructs.Construct):
    """Default deny in both directions, DNS for all pods, and each app's own traffic."""

    def __init__(self, scope: constructs.Construct, id_: str, *, vpc_cidr: str) -> None:
        super().__init__(scope, id_)
        vpc = addresses(vpc_cidr)
        stores = to(
            vpc,
            POSTGRES_PORT,
            REDIS_PORT,
            CLICKHOUSE_HTTPS_PORT,
            CLICKHOUSE_NATIVE_TLS_PORT,
        )
        # LLM providers, and S3: its gateway endpoint in the VPC uses S3's public addresses.
        https = to(internet(), 443)
        credentials = to(addresses(POD_IDENTITY_AGENT), 80)
        scrape = from_(in_namespace(MONITORING_NAMESPACE), METRICS_PORT)

        default_deny(self)
        dns(self)
        self._policy(
            App.ORCHESTRATOR,
            # The load balancer is in the VPC and sends to pods directly.
            ingress=[from_(vpc, ORCHESTRATOR_PORT), scrape],
            egress=[stores, https, credentials],
        )
        self._policy(App.WORKER, ingress=[scrape], egress=[stores, https, credentials])
        self._policy(App.DATABASE_USERS, ingress=[], egress=[to(vpc, POSTGRES_PORT)])
        self._policy(
            App.CLICKHOUSE_SCHEMA, ingress=[], egress=[to(vpc, CLICKHOUSE_NATIVE_TLS_PORT)]
        )

    def _policy(
        self,
        app: App,
        *,
        ingress: list[k8s.NetworkPolicyIngressRule],
        egress: list[k8s.NetworkPolicyEgressRule],
    ) -> None:
        network_policy(self, app, pods=selector(app), ingress=ingress, egress=egress)
