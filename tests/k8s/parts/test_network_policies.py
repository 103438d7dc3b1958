"""The allowed connections, from the policies as the cluster evaluates them."""

from ipaddress import IPv4Network

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
from tests.support.manifests import Manifest, one
from tests.support.network_policies import Policies

ENVIRONMENT_NAMES = [env.name for env in ENVIRONMENTS]
VPC = {env.name: IPv4Network(env.network.vpc_cidr) for env in ENVIRONMENTS}
PROVIDER = "104.18.7.192"
METADATA = "169.254.169.254"
POD_IDENTITY_AGENT = "169.254.170.23"

Manifests = dict[str, dict[App, list[Manifest]]]
AppPolicies = Policies[App | None]  # None: a pod without labels


@pytest.fixture(params=ENVIRONMENT_NAMES)
def name(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


@pytest.fixture
def policies(name: str, manifests: Manifests) -> AppPolicies:
    apps = manifests[name]
    labels: dict[App | None, dict[str, str]] = {
        app: one(apps[app], kind)["spec"]["template"]["metadata"]["labels"]
        for app, kind in (
            (App.ORCHESTRATOR, "Deployment"),
            (App.WORKER, "Deployment"),
            (App.DATABASE_USERS, "Job"),
            (App.CLICKHOUSE_SCHEMA, "Job"),
        )
    }
    labels[None] = {}
    return Policies(apps[App.NAMESPACE], namespace=NAMESPACE, labels_of=labels.__getitem__)


@pytest.fixture
def neighbour(name: str) -> str:
    """An address inside the VPC."""
    return str(VPC[name][1000])


def test_a_pod_that_no_app_owns_reaches_nothing(policies: AppPolicies, neighbour: str) -> None:
    for address in (neighbour, PROVIDER, POD_IDENTITY_AGENT, METADATA):
        for port in (80, 443, POSTGRES_PORT):
            assert not policies.to_address(None, address, port)


def test_nothing_reaches_a_pod_that_no_app_owns(policies: AppPolicies, neighbour: str) -> None:
    for port in (ORCHESTRATOR_PORT, METRICS_PORT):
        assert not policies.from_address(None, neighbour, port)
        assert not policies.from_pods_of(None, "monitoring", port)


@pytest.mark.parametrize("app", [App.ORCHESTRATOR, App.WORKER])
def test_the_programs_reach_the_stores_and_the_internet_by_https(
    app: App, policies: AppPolicies, neighbour: str
) -> None:
    for port in (POSTGRES_PORT, REDIS_PORT, CLICKHOUSE_HTTPS_PORT):
        assert policies.to_address(app, neighbour, port)
    assert policies.to_address(app, PROVIDER, 443)
    assert not policies.to_address(app, PROVIDER, 80)
    assert not policies.to_address(app, PROVIDER, POSTGRES_PORT)


@pytest.mark.parametrize("app", [App.ORCHESTRATOR, App.WORKER])
def test_the_programs_get_aws_credentials_but_not_the_nodes(
    app: App, policies: AppPolicies
) -> None:
    assert policies.to_address(app, POD_IDENTITY_AGENT, 80)
    for port in (80, 443):
        assert not policies.to_address(app, METADATA, port)


@pytest.mark.parametrize("app", [App.ORCHESTRATOR, App.WORKER])
def test_the_rule_for_the_internet_excludes_the_cluster_and_peered_networks(
    app: App, policies: AppPolicies, neighbour: str
) -> None:
    for address in (neighbour, str(IPv4Network(SERVICE_CIDR)[1]), "192.168.1.1", "100.64.0.1"):
        assert not policies.to_address(app, address, 443)


def test_the_job_reaches_the_database_and_nothing_else(
    policies: AppPolicies, neighbour: str
) -> None:
    assert policies.to_address(App.DATABASE_USERS, neighbour, POSTGRES_PORT)
    assert not policies.to_address(App.DATABASE_USERS, neighbour, REDIS_PORT)
    assert not policies.to_address(App.DATABASE_USERS, PROVIDER, 443)
    assert not policies.to_address(App.DATABASE_USERS, POD_IDENTITY_AGENT, 80)


def test_the_schema_job_reaches_clickhouse_and_nothing_else(
    policies: AppPolicies, neighbour: str
) -> None:
    assert policies.to_address(App.CLICKHOUSE_SCHEMA, neighbour, CLICKHOUSE_NATIVE_TLS_PORT)
    for port in (CLICKHOUSE_HTTPS_PORT, POSTGRES_PORT, REDIS_PORT):
        assert not policies.to_address(App.CLICKHOUSE_SCHEMA, neighbour, port)
    assert not policies.to_address(App.CLICKHOUSE_SCHEMA, PROVIDER, 443)
    assert not policies.to_address(App.CLICKHOUSE_SCHEMA, POD_IDENTITY_AGENT, 80)


def test_the_load_balancer_reaches_the_api_and_nothing_else(
    policies: AppPolicies, neighbour: str
) -> None:
    assert policies.from_address(App.ORCHESTRATOR, neighbour, ORCHESTRATOR_PORT)
    assert not policies.from_address(App.ORCHESTRATOR, neighbour, METRICS_PORT)
    assert not policies.from_address(App.ORCHESTRATOR, PROVIDER, ORCHESTRATOR_PORT)
    assert not policies.from_address(App.WORKER, neighbour, METRICS_PORT)


@pytest.mark.parametrize("app", [App.ORCHESTRATOR, App.WORKER])
def test_only_monitoring_reads_metrics(app: App, policies: AppPolicies) -> None:
    assert policies.from_pods_of(app, "monitoring", METRICS_PORT)
    assert not policies.from_pods_of(app, NAMESPACE, METRICS_PORT)
    assert not policies.from_pods_of(app, "monitoring", ORCHESTRATOR_PORT)


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
