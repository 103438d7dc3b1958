"""The allowed connections, from the policies as the cluster evaluates them."""

from ipaddress import IPv4Address, IPv4Network

import pytest

from environments.names import (
    CLICKHOUSE_HTTPS_PORT,
    CLICKHOUSE_NATIVE_TLS_PORT,
    METRICS_PORT,
    NAMESPACE,
    ORCHESTRATOR_PORT,
    POSTGRES_PORT,
    REDIS_PORT,
    SERVICE_CIDR,
    App,
)
from environments.registry import ENVIRONMENTS
from tests.support.manifests import Manifest, all_of, one

ENVIRONMENT_NAMES = [env.name for env in ENVIRONMENTS]
VPC = {env.name: IPv4Network(env.network.vpc_cidr) for env in ENVIRONMENTS}
PROVIDER = "104.18.7.192"
METADATA = "169.254.169.254"
POD_IDENTITY_AGENT = "169.254.170.23"

Manifests = dict[str, dict[App, list[Manifest]]]


class Policies:
    """The network policies of one environment."""

    def __init__(self, manifests: dict[App, list[Manifest]]) -> None:
        self._policies = all_of(manifests[App.NAMESPACE], "NetworkPolicy")
        self._labels = {
            app: one(manifests[app], kind)["spec"]["template"]["metadata"]["labels"]
            for app, kind in (
                (App.ORCHESTRATOR, "Deployment"),
                (App.WORKER, "Deployment"),
                (App.DATABASE_USERS, "Job"),
                (App.CLICKHOUSE_SCHEMA, "Job"),
            )
        }

    def lets_out(self, app: App | None, address: str, port: int) -> bool:
        """Whether a pod of the app (None: one without labels) reaches an address over TCP."""
        return any(
            _holds(peer.get("ipBlock"), address)
            for rule in self._rules(app, "egress", port)
            for peer in rule["to"]
        )

    def lets_in(
        self, app: App | None, port: int, *, address: str = "", namespace: str = ""
    ) -> bool:
        """Whether an address, or any pod of a namespace, reaches the app's pods over TCP."""
        named = {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
        return any(
            peer.get("namespaceSelector") == named
            if namespace
            else _holds(peer.get("ipBlock"), address)
            for rule in self._rules(app, "ingress", port)
            for peer in rule["from"]
        )

    def _rules(self, app: App | None, direction: str, port: int) -> list[Manifest]:
        labels = {} if app is None else self._labels[app]
        selecting = [
            policy["spec"]
            for policy in self._policies
            if policy["spec"]["podSelector"].get("matchLabels", {}).items() <= labels.items()
        ]
        # Without a policy that selects it, a pod may do anything.
        assert any(direction.capitalize() in spec["policyTypes"] for spec in selecting)
        return [
            rule
            for spec in selecting
            for rule in spec.get(direction, [])
            if {"port": port, "protocol": "TCP"} in rule["ports"]
        ]


def _holds(block: Manifest | None, address: str) -> bool:
    if block is None:
        return False
    inside = IPv4Address(address) in IPv4Network(block["cidr"])
    return inside and not any(
        IPv4Address(address) in IPv4Network(excluded) for excluded in block.get("except", [])
    )


@pytest.fixture(params=ENVIRONMENT_NAMES)
def name(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


@pytest.fixture
def policies(name: str, manifests: Manifests) -> Policies:
    return Policies(manifests[name])


@pytest.fixture
def neighbour(name: str) -> str:
    """An address inside the VPC."""
    return str(VPC[name][1000])


def test_a_pod_that_no_app_owns_reaches_nothing(policies: Policies, neighbour: str) -> None:
    for address in (neighbour, PROVIDER, POD_IDENTITY_AGENT, METADATA):
        for port in (80, 443, POSTGRES_PORT):
            assert not policies.lets_out(None, address, port)


def test_nothing_reaches_a_pod_that_no_app_owns(policies: Policies, neighbour: str) -> None:
    for port in (ORCHESTRATOR_PORT, METRICS_PORT):
        assert not policies.lets_in(None, port, address=neighbour)
        assert not policies.lets_in(None, port, namespace="monitoring")


@pytest.mark.parametrize("app", [App.ORCHESTRATOR, App.WORKER])
def test_the_programs_reach_the_stores_and_the_internet_by_https(
    app: App, policies: Policies, neighbour: str
) -> None:
    for port in (POSTGRES_PORT, REDIS_PORT, CLICKHOUSE_HTTPS_PORT):
        assert policies.lets_out(app, neighbour, port)
    assert policies.lets_out(app, PROVIDER, 443)
    assert not policies.lets_out(app, PROVIDER, 80)
    assert not policies.lets_out(app, PROVIDER, POSTGRES_PORT)


@pytest.mark.parametrize("app", [App.ORCHESTRATOR, App.WORKER])
def test_the_programs_get_aws_credentials_but_not_the_nodes(app: App, policies: Policies) -> None:
    assert policies.lets_out(app, POD_IDENTITY_AGENT, 80)
    for port in (80, 443):
        assert not policies.lets_out(app, METADATA, port)


@pytest.mark.parametrize("app", [App.ORCHESTRATOR, App.WORKER])
def test_the_rule_for_the_internet_excludes_the_cluster_and_peered_networks(
    app: App, policies: Policies, neighbour: str
) -> None:
    for address in (neighbour, str(IPv4Network(SERVICE_CIDR)[1]), "192.168.1.1", "100.64.0.1"):
        assert not policies.lets_out(app, address, 443)


def test_the_job_reaches_the_database_and_nothing_else(policies: Policies, neighbour: str) -> None:
    assert policies.lets_out(App.DATABASE_USERS, neighbour, POSTGRES_PORT)
    assert not policies.lets_out(App.DATABASE_USERS, neighbour, REDIS_PORT)
    assert not policies.lets_out(App.DATABASE_USERS, PROVIDER, 443)
    assert not policies.lets_out(App.DATABASE_USERS, POD_IDENTITY_AGENT, 80)


def test_the_schema_job_reaches_clickhouse_and_nothing_else(
    policies: Policies, neighbour: str
) -> None:
    assert policies.lets_out(App.CLICKHOUSE_SCHEMA, neighbour, CLICKHOUSE_NATIVE_TLS_PORT)
    for port in (CLICKHOUSE_HTTPS_PORT, POSTGRES_PORT, REDIS_PORT):
        assert not policies.lets_out(App.CLICKHOUSE_SCHEMA, neighbour, port)
    assert not policies.lets_out(App.CLICKHOUSE_SCHEMA, PROVIDER, 443)
    assert not policies.lets_out(App.CLICKHOUSE_SCHEMA, POD_IDENTITY_AGENT, 80)


def test_the_load_balancer_reaches_the_api_and_nothing_else(
    policies: Policies, neighbour: str
) -> None:
    assert policies.lets_in(App.ORCHESTRATOR, ORCHESTRATOR_PORT, address=neighbour)
    assert not policies.lets_in(App.ORCHESTRATOR, METRICS_PORT, address=neighbour)
    assert not policies.lets_in(App.ORCHESTRATOR, ORCHESTRATOR_PORT, address=PROVIDER)
    assert not policies.lets_in(App.WORKER, METRICS_PORT, address=neighbour)


@pytest.mark.parametrize("app", [App.ORCHESTRATOR, App.WORKER])
def test_only_monitoring_reads_metrics(app: App, policies: Policies) -> None:
    assert policies.lets_in(app, METRICS_PORT, namespace="monitoring")
    assert not policies.lets_in(app, METRICS_PORT, namespace=NAMESPACE)
    assert not policies.lets_in(app, ORCHESTRATOR_PORT, namespace="monitoring")


def test_every_pod_may_query_the_clusters_dns(name: str, manifests: Manifests) -> None:
    spec = one(manifests[name][App.NAMESPACE], "NetworkPolicy", "dns")["spec"]

    assert spec["podSelector"] == {}
    (rule,) = spec["egress"]
    assert {(port["port"], port["protocol"]) for port in rule["ports"]} == {
        (53, "UDP"),
        (53, "TCP"),
    }
    (peer,) = rule["to"]
    # Both in one peer: the resolver's pods, not every pod of kube-system.
    assert peer.keys() == {"namespaceSelector", "podSelector"}
