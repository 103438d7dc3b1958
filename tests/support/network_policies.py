"""Which connections the network policies of one namespace allow, as the cluster evaluates them."""

from collections.abc import Callable, Mapping
from ipaddress import IPv4Address, IPv4Network
from typing import Generic, TypeVar

from tests.support.manifests import Manifest, all_of

_PEER_KEYS = {"egress": "to", "ingress": "from"}

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
            for peer in rule[_PEER_KEYS[direction]]
        )

    def _matches(self, selector: Manifest, pod: Pod) -> bool:
        labels: dict[str, str] = selector.get("matchLabels", {})
        return labels.items() <= self._labels_of(pod).items()

    def _selects(self, peer: Manifest, pod: Pod) -> bool:
        if "podSelector" in peer:
            return "namespaceSelector" not in peer and self._matches(peer["podSelector"], pod)
        return _any_pod_of(peer, self._namespace)


def _holds(peer: Manifest, address: str) -> bool:
    block = peer.get("ipBlock")
    if block is None:
        return False
    return IPv4Address(address) in IPv4Network(block["cidr"]) and not any(
        IPv4Address(address) in IPv4Network(excluded) for excluded in block.get("except", [])
    )


def _any_pod_of(peer: Manifest, namespace: str) -> bool:
    return "podSelector" not in peer and peer.get("namespaceSelector") in (
        {},
        {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
    )
