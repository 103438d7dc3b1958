"""Which connections the network policies of one namespace allow, as Amazon's VPC CNI evaluates them.

Services: aws/amazon-network-policy-controller-k8s, `pkg/resolvers/endpoints.go` and
`pkg/k8s/service_utils.go`, read at ecc7e6a (18 May 2026).
"""

from collections.abc import Callable, Mapping
from ipaddress import IPv4Network
from typing import Generic, TypeVar

from tests.support.manifests import Manifest, all_of
from tests.support.services import Service

_PEER_KEYS = {"egress": "to", "ingress": "from"}
_ANYONE: Manifest = {"ipBlock": {"cidr": "0.0.0.0/0"}}  # a rule without peers

Pod = TypeVar("Pod")


class Policies(Generic[Pod]):
    """The policies of one namespace; `labels_of` returns the labels of a test's pod."""

    def __init__(
        self,
        objects: list[Manifest],
        *,
        namespace: str,
        labels_of: Callable[[Pod], Mapping[str, str]],
    ) -> None:
        self._policies = [policy["spec"] for policy in all_of(objects, "NetworkPolicy")]
        self._namespace = namespace
        self._labels_of = labels_of

    def to_address(self, pod: Pod, address: str, port: int) -> bool:
        return self._allowed("egress", pod, port, lambda peer: _holds(peer, address))

    def from_address(self, pod: Pod, address: str, port: int) -> bool:
        return self._allowed("ingress", pod, port, lambda peer: _holds(peer, address))

    def to_pods_of(self, pod: Pod, namespace: str, port: int) -> bool:
        return self._allowed("egress", pod, port, lambda peer: _any_pod_of(peer, namespace))

    def from_pods_of(self, pod: Pod, namespace: str, port: int) -> bool:
        return self._allowed("ingress", pod, port, lambda peer: _any_pod_of(peer, namespace))

    def to_service(self, source: Pod, service: Service, port: int, protocol: str = "TCP") -> bool:
        """May the pod connect to the Service's own address on the Service's `port`?

        The agent sees this address, and not the pod's that it is translated into. Either an address
        block covers it, on the Service's port. Or the Service's own selector has the labels of the
        rule's `podSelector`, and the rule names the port of the pods behind the Service's port. The
        labels of those pods do not matter.
        """
        return self._allowed(
            "egress", source, port, lambda peer: _covers(peer, service.addresses), protocol
        ) or self._allowed(
            "egress",
            source,
            service.ports[port],
            lambda peer: self._selects_service(peer, service),
            protocol,
        )

    def between(self, source: Pod, target: Pod, port: int, protocol: str = "TCP") -> bool:
        """The policies of both pods must allow the connection."""
        return self._allowed(
            "egress", source, port, lambda peer: self._selects(peer, target), protocol
        ) and self._allowed(
            "ingress", target, port, lambda peer: self._selects(peer, source), protocol
        )

    def _allowed(
        self,
        direction: str,
        pod: Pod,
        port: int,
        is_other_end: Callable[[Manifest], bool],
        protocol: str = "TCP",
    ) -> bool:
        selecting = [spec for spec in self._policies if self._matches(spec["podSelector"], pod)]
        # Without a policy that selects it, a pod may open and accept every connection.
        assert any(direction.capitalize() in spec["policyTypes"] for spec in selecting)
        return any(
            is_other_end(peer)
            for spec in selecting
            for rule in spec.get(direction, [])
            if {"port": port, "protocol": protocol} in rule.get("ports", []) or "ports" not in rule
            for peer in rule.get(_PEER_KEYS[direction], [_ANYONE])
        )

    def _matches(self, selector: Manifest, pod: Pod) -> bool:
        labels: dict[str, str] = selector.get("matchLabels", {})
        return labels.items() <= self._labels_of(pod).items()

    def _selects_service(self, peer: Manifest, service: Service) -> bool:
        if "ipBlock" in peer:
            return False
        own = {"matchLabels": {"kubernetes.io/metadata.name": self._namespace}}
        labels: dict[str, str] = peer.get("podSelector", {}).get("matchLabels", {})
        return (
            _is_namespace(peer.get("namespaceSelector", own), service.namespace)
            and labels.items() <= service.selector.items()
        )

    def _selects(self, peer: Manifest, pod: Pod) -> bool:
        if peer is _ANYONE:
            return True
        if "podSelector" in peer:
            return "namespaceSelector" not in peer and self._matches(peer["podSelector"], pod)
        return _any_pod_of(peer, self._namespace)


def _holds(peer: Manifest, address: str) -> bool:
    return _covers(peer, IPv4Network(address))


def _covers(peer: Manifest, network: IPv4Network) -> bool:
    block = peer.get("ipBlock")
    if block is None:
        return False
    return network.subnet_of(IPv4Network(block["cidr"])) and not any(
        network.overlaps(IPv4Network(excluded)) for excluded in block.get("except", [])
    )


def _any_pod_of(peer: Manifest, namespace: str) -> bool:
    if peer is _ANYONE:
        return True
    return (
        "podSelector" not in peer
        and "namespaceSelector" in peer
        and _is_namespace(peer["namespaceSelector"], namespace)
    )


def _is_namespace(selector: Manifest, name: str) -> bool:
    return selector in ({}, {"matchLabels": {"kubernetes.io/metadata.name": name}})
