"""Who may talk to whom: nobody, but for the paths listed here.

Addresses are CIDRs where the other end is not a pod. The narrower CIDR wins over the wider one's
exception, so a path into the VPC stays open although "the internet" leaves private networks out.
"""

import constructs
from cdk8s_plus_28 import k8s

from environments.names import (
    CLICKHOUSE_HTTPS_PORT,
    CLICKHOUSE_NATIVE_TLS_PORT,
    METRICS_PORT,
    ORCHESTRATOR_PORT,
    POSTGRES_PORT,
    REDIS_PORT,
    App,
)
from k8s.base import selector

MONITORING_NAMESPACE = "monitoring"
# Where the node's agent hands out AWS credentials (EKS user guide, "EKS Pod Identity").
POD_IDENTITY_AGENT = "169.254.170.23/32"
# RFC 1918 and RFC 6598 hold the VPC, the cluster's services and whatever is peered; link-local
# holds the instance metadata.
NOT_INTERNET = (
    "10.0.0.0/8",
    "100.64.0.0/10",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
)


class NetworkPolicies(constructs.Construct):
    """Default deny in both directions, DNS for all, and each app's own paths."""

    def __init__(self, scope: constructs.Construct, id_: str, *, vpc_cidr: str) -> None:
        super().__init__(scope, id_)
        stores = _to(
            vpc_cidr,
            POSTGRES_PORT,
            REDIS_PORT,
            CLICKHOUSE_HTTPS_PORT,
            CLICKHOUSE_NATIVE_TLS_PORT,
        )
        # LLM providers, and S3, which the VPC's gateway endpoint reaches by its public addresses.
        https = _to("0.0.0.0/0", 443, except_=NOT_INTERNET)
        credentials = _to(POD_IDENTITY_AGENT, 80)
        scrape = _from(_in_namespace(MONITORING_NAMESPACE), METRICS_PORT)

        self._default_deny()
        self._dns()
        self._policy(
            App.ORCHESTRATOR,
            # The load balancer stands in the VPC and sends to pods directly.
            ingress=[_from(_addresses(vpc_cidr), ORCHESTRATOR_PORT), scrape],
            egress=[stores, https, credentials],
        )
        self._policy(App.WORKER, ingress=[scrape], egress=[stores, https, credentials])
        self._policy(App.DATABASE_USERS, ingress=[], egress=[_to(vpc_cidr, POSTGRES_PORT)])

    def _default_deny(self) -> None:
        k8s.KubeNetworkPolicy(
            self,
            "default-deny",
            metadata=k8s.ObjectMeta(name="default-deny"),
            spec=k8s.NetworkPolicySpec(
                pod_selector=k8s.LabelSelector(), policy_types=["Ingress", "Egress"]
            ),
        )

    def _dns(self) -> None:
        resolver = k8s.NetworkPolicyPeer(
            namespace_selector=k8s.LabelSelector(
                match_labels={"kubernetes.io/metadata.name": "kube-system"}
            ),
            pod_selector=k8s.LabelSelector(match_labels={"k8s-app": "kube-dns"}),
        )
        k8s.KubeNetworkPolicy(
            self,
            "dns",
            metadata=k8s.ObjectMeta(name="dns"),
            spec=k8s.NetworkPolicySpec(
                pod_selector=k8s.LabelSelector(),
                policy_types=["Egress"],
                egress=[
                    k8s.NetworkPolicyEgressRule(
                        to=[resolver], ports=[_port(53, "UDP"), _port(53, "TCP")]
                    )
                ],
            ),
        )

    def _policy(
        self,
        app: App,
        *,
        ingress: list[k8s.NetworkPolicyIngressRule],
        egress: list[k8s.NetworkPolicyEgressRule],
    ) -> None:
        k8s.KubeNetworkPolicy(
            self,
            app,
            metadata=k8s.ObjectMeta(name=app),
            spec=k8s.NetworkPolicySpec(
                pod_selector=k8s.LabelSelector(match_labels=selector(app)),
                policy_types=["Ingress", "Egress"],
                ingress=ingress or None,
                egress=egress,
            ),
        )


def _to(cidr: str, *ports: int, except_: tuple[str, ...] = ()) -> k8s.NetworkPolicyEgressRule:
    return k8s.NetworkPolicyEgressRule(
        to=[_addresses(cidr, except_)], ports=[_port(port) for port in ports]
    )


def _from(peer: k8s.NetworkPolicyPeer, *ports: int) -> k8s.NetworkPolicyIngressRule:
    # The keyword `from` is Python's, so the binding calls it `from_`.
    return k8s.NetworkPolicyIngressRule(from_=[peer], ports=[_port(port) for port in ports])


def _addresses(cidr: str, except_: tuple[str, ...] = ()) -> k8s.NetworkPolicyPeer:
    return k8s.NetworkPolicyPeer(ip_block=k8s.IpBlock(cidr=cidr, except_=list(except_) or None))


def _in_namespace(name: str) -> k8s.NetworkPolicyPeer:
    return k8s.NetworkPolicyPeer(
        namespace_selector=k8s.LabelSelector(match_labels={"kubernetes.io/metadata.name": name})
    )


def _port(number: int, protocol: str = "TCP") -> k8s.NetworkPolicyPort:
    return k8s.NetworkPolicyPort(port=k8s.IntOrString.from_number(number), protocol=protocol)
