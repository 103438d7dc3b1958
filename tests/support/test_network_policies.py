"""The model of network policies: what Amazon's controller makes of a rule, for pods behind a Service."""

import pytest

from environments.names import SERVICE_CIDR
from tests.support.manifests import Manifest
from tests.support.network_policies import Policies
from tests.support.services import API, Service

WEB = Service(name="web", namespace="shop", selector={"app": "web"}, ports={80: 8080})
SHOP = {"matchLabels": {"kubernetes.io/metadata.name": "shop"}}
CHOSEN_BY_THE_SERVICE = {"podSelector": {"matchLabels": {"app": "web"}}}
# The pods may have this label, too. The Service does not select by it.
ANOTHER_LABEL = {"podSelector": {"matchLabels": {"tier": "front"}}}
BOTH_LABELS = {"podSelector": {"matchLabels": {"app": "web", "tier": "front"}}}
SERVICE_RANGE = {"ipBlock": {"cidr": SERVICE_CIDR}}


def reaches(peer: Manifest, port: int, *, service: Service = WEB, namespace: str = "shop") -> bool:
    """May a pod connect to the Service if this is its only rule?"""
    rule = {"to": [peer], "ports": [{"port": port, "protocol": "TCP"}]}
    spec = {"podSelector": {}, "policyTypes": ["Egress"], "egress": [rule]}
    policies: Policies[str] = Policies(
        [{"kind": "NetworkPolicy", "spec": spec}], namespace=namespace, labels_of=lambda _: {}
    )
    (listens_on,) = service.ports
    return policies.to_service("client", service, listens_on)


def test_labels_count_only_if_the_service_selects_by_them() -> None:
    assert reaches(CHOSEN_BY_THE_SERVICE, 8080)
    assert not reaches(ANOTHER_LABEL, 8080)
    assert not reaches(BOTH_LABELS, 8080)
    assert reaches({"podSelector": {}}, 8080)


def test_a_rule_for_pods_names_their_port_and_a_rule_for_addresses_the_services() -> None:
    assert not reaches(CHOSEN_BY_THE_SERVICE, 80)
    assert reaches(SERVICE_RANGE, 80)
    assert not reaches(SERVICE_RANGE, 8080)


@pytest.mark.parametrize(
    ("peer", "expected"),
    [
        (CHOSEN_BY_THE_SERVICE, False),
        (CHOSEN_BY_THE_SERVICE | {"namespaceSelector": SHOP}, True),
        ({"namespaceSelector": SHOP}, True),
        ({"namespaceSelector": {}}, True),
    ],
)
def test_pods_of_another_namespace_need_a_namespace_selector(
    peer: Manifest, expected: bool
) -> None:
    assert reaches(peer, 8080, namespace="elsewhere") is expected


def test_a_block_counts_only_if_it_has_each_address_that_the_service_may_have() -> None:
    first = {"ipBlock": {"cidr": "172.20.0.1/32"}}
    assert reaches(first, 443, service=API)
    assert not reaches(first, 80)
    assert not reaches(
        {"ipBlock": {"cidr": "0.0.0.0/0", "except": ["172.16.0.0/12"]}}, 443, service=API
    )
