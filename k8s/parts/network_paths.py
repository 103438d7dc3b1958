"""The rules and peers that network policies are made of.

A peer that is not a pod is a CIDR. Rules add up: a rule for the VPC allows it, although the rule for the
internet excludes private networks.
"""

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


def network_policy(
    scope: constructs.Construct,
    name: str,
    *,
    pods: dict[str, str],
    ingress: list[k8s.NetworkPolicyIngressRule],
    egress: list[k8s.NetworkPolicyEgressRule],
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
            egress=egress,
        ),
    )


def default_deny(scope: constructs.Construct) -> None:
    """No pod of the namespace accepts or opens a connection, except as other policies allow."""
    k8s.KubeNetworkPolicy(
        scope,
        "default-deny",
        metadata=k8s.ObjectMeta(name="default-deny"),
        spec=k8s.NetworkPolicySpec(
            pod_selector=k8s.LabelSelector(), policy_types=["Ingress", "Egress"]
        ),
    )


def dns(scope: constructs.Construct) -> None:
    """Every pod of the namespace may query the cluster's DNS."""
    resolver = k8s.NetworkPolicyPeer(
        namespace_selector=k8s.LabelSelector(
            match_labels={"kubernetes.io/metadata.name": "kube-system"}
        ),
        pod_selector=k8s.LabelSelector(match_labels={"k8s-app": "kube-dns"}),
    )
    k8s.KubeNetworkPolicy(
        scope,
        "dns",
        metadata=k8s.ObjectMeta(name="dns"),
        spec=k8s.NetworkPolicySpec(
            pod_selector=k8s.LabelSelector(),
            policy_types=["Egress"],
            egress=[
                k8s.NetworkPolicyEgressRule(to=[resolver], ports=[port(53, "UDP"), port(53, "TCP")])
            ],
        ),
    )


def to(peer: k8s.NetworkPolicyPeer, *ports: int) -> k8s.NetworkPolicyEgressRule:
    return k8s.NetworkPolicyEgressRule(to=[peer], ports=[port(number) for number in ports])


def from_(peer: k8s.NetworkPolicyPeer, *ports: int) -> k8s.NetworkPolicyIngressRule:
    return k8s.NetworkPolicyIngressRule(from_=[peer], ports=[port(number) for number in ports])


def addresses(cidr: str, except_: tuple[str, ...] = ()) -> k8s.NetworkPolicyPeer:
    return k8s.NetworkPolicyPeer(ip_block=k8s.IpBlock(cidr=cidr, except_=list(except_) or None))


def internet() -> k8s.NetworkPolicyPeer:
    return addresses("0.0.0.0/0", NOT_INTERNET)


def in_namespace(name: str) -> k8s.NetworkPolicyPeer:
    return k8s.NetworkPolicyPeer(
        namespace_selector=k8s.LabelSelector(match_labels={"kubernetes.io/metadata.name": name})
    )


def in_any_namespace() -> k8s.NetworkPolicyPeer:
    return k8s.NetworkPolicyPeer(namespace_selector=k8s.LabelSelector())


def pods_with(labels: dict[str, str]) -> k8s.NetworkPolicyPeer:
    """Pods with these labels in the policy's own namespace."""
    return k8s.NetworkPolicyPeer(pod_selector=k8s.LabelSelector(match_labels=labels))


def port(number: int, protocol: str = "TCP") -> k8s.NetworkPolicyPort:
    return k8s.NetworkPolicyPort(port=k8s.IntOrString.from_number(number), protocol=protocol)
