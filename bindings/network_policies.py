"""Kubernetes network policies: the rules and peers that they are made of.

A peer that is not a pod is a CIDR. Rules add up: a rule for a subnet allows it, although the rule for the
internet excludes private networks.

A connection to a Service must be allowed by the Service's own address, too: the policy agent of Amazon's
CNI checks it before it is translated into a pod's (docs/decisions/0013-network-policies.md). A rule for
pods behind a Service therefore has two peers: those pods, and the range of the Services' addresses.
"""

from functools import cache

import constructs
from cdk8s_plus_28 import k8s

# The VPC, the cluster's services and peered networks are in RFC 1918's and RFC 6598's ranges; the
# instance metadata is in the link-local range.
NOT_INTERNET = (
    "10.0.0.0/8",
    "100.64.0.0/10",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
)

# Where the node's agent serves AWS credentials (EKS user guide, "EKS Pod Identity").
POD_IDENTITY_AGENT = "169.254.170.23/32"

Peer = k8s.NetworkPolicyPeer
Ingress = k8s.NetworkPolicyIngressRule
Egress = k8s.NetworkPolicyEgressRule


def network_policy(
    scope: constructs.Construct,
    name: str,
    *,
    pods: dict[str, str],
    ingress: list[Ingress],
    egress: list[Egress],
) -> None:
    """What may reach the pods with these labels, and what they may reach."""
    k8s.KubeNetworkPolicy(
        scope,
        name,
        metadata=k8s.ObjectMeta(name=name),
        spec=k8s.NetworkPolicySpec(
            pod_selector=k8s.LabelSelector(match_labels=pods),
            policy_types=["Ingress", "Egress"],
            ingress=ingress or None,
            egress=egress or None,
        ),
    )


def default_deny(scope: constructs.Construct, *, after_the_paths: bool = False) -> None:
    """No pod of the namespace accepts or opens a connection, except as other policies allow.

    `after_the_paths`: where pods may already run when Argo CD syncs the policies, it applies this one in a
    wave after the others.
    """
    wave = {"argocd.argoproj.io/sync-wave": "1"} if after_the_paths else None
    k8s.KubeNetworkPolicy(
        scope,
        "default-deny",
        metadata=k8s.ObjectMeta(name="default-deny", annotations=wave),
        spec=k8s.NetworkPolicySpec(
            pod_selector=k8s.LabelSelector(), policy_types=["Ingress", "Egress"]
        ),
    )


def dns(scope: constructs.Construct, *, services: Peer) -> None:
    """Every pod of the namespace may query the cluster's DNS."""
    k8s.KubeNetworkPolicy(
        scope,
        "dns",
        metadata=k8s.ObjectMeta(name="dns"),
        spec=k8s.NetworkPolicySpec(
            pod_selector=k8s.LabelSelector(),
            policy_types=["Egress"],
            egress=[Egress(to=[dns_pods(), services], ports=[port(53, "UDP"), port(53, "TCP")])],
        ),
    )


def to(peers: list[Peer], *ports: int) -> Egress:
    return Egress(to=peers, ports=[port(number) for number in ports])


def from_(peers: list[Peer], *ports: int) -> Ingress:
    return Ingress(from_=peers, ports=[port(number) for number in ports])


def addresses(cidr: object, except_: tuple[str, ...] = ()) -> Peer:
    return Peer(ip_block=k8s.IpBlock(cidr=str(cidr), except_=list(except_) or None))


def internet() -> Peer:
    return addresses("0.0.0.0/0", NOT_INTERNET)


def aws_credentials() -> Egress:
    """To the Pod Identity agent of the node."""
    return to([addresses(POD_IDENTITY_AGENT)], 80)


def in_namespace(name: str) -> Peer:
    return Peer(namespace_selector=_namespace(name))


def dns_pods() -> Peer:
    return Peer(
        namespace_selector=_namespace("kube-system"),
        pod_selector=k8s.LabelSelector(match_labels={"k8s-app": "kube-dns"}),
    )


def pods_with(labels: dict[str, str]) -> Peer:
    """Pods with these labels in the policy's own namespace."""
    return Peer(pod_selector=k8s.LabelSelector(match_labels=labels))


@cache  # each call of Node's takes time, and policies share few ports
def port(number: int, protocol: str = "TCP") -> k8s.NetworkPolicyPort:
    return k8s.NetworkPolicyPort(port=k8s.IntOrString.from_number(number), protocol=protocol)


def _namespace(name: str) -> k8s.LabelSelector:
    return k8s.LabelSelector(match_labels={"kubernetes.io/metadata.name": name})
