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
from tests.support.services import DNS

ENVIRONMENT_NAMES = [env.name for env in ENVIRONMENTS]
PROVIDER = "104.18.7.192"
METADATA = "169.254.169.254"
POD_IDENTITY_AGENT = "169.254.170.23"

Manifests = dict[str, dict[App, list[Manifest]]]
Subnets = dict[str, list[str]]  # tier → addresses
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
def vpc(subnets: Subnets) -> list[str]:
    return [address for tier in subnets.values() for address in tier]


def tiers_reached(policies: AppPolicies, app: App, subnets: Subnets, port: int) -> set[str]:
    """The kinds of subnet that the app reaches on this port, each wholly."""
    reached = {
        tier: {policies.to_address(app, address, port) for address in addresses}
        for tier, addresses in subnets.items()
    }
    assert all(len(answers) == 1 for answers in reached.values())
    return {tier for tier, answers in reached.items() if True in answers}


def test_a_pod_that_no_app_owns_reaches_nothing(policies: AppPolicies, vpc: list[str]) -> None:
    for address in (*vpc, PROVIDER, POD_IDENTITY_AGENT, METADATA):
        for port in (80, 443, POSTGRES_PORT):
            assert not policies.to_address(None, address, port)


def test_nothing_reaches_a_pod_that_no_app_owns(policies: AppPolicies, vpc: list[str]) -> None:
    for port in (ORCHESTRATOR_PORT, METRICS_PORT):
        assert not any(policies.from_address(None, address, port) for address in vpc)
        assert not policies.from_pods_of(None, "monitoring", port)


@pytest.mark.parametrize("app", [App.ORCHESTRATOR, App.WORKER])
def test_the_programs_reach_each_store_where_it_is_and_nowhere_else(
    app: App, policies: AppPolicies, subnets: Subnets
) -> None:
    for port, tier in (
        (POSTGRES_PORT, "data"),
        (REDIS_PORT, "data"),
        (CLICKHOUSE_HTTPS_PORT, "private"),
        (CLICKHOUSE_NATIVE_TLS_PORT, "private"),
    ):
        assert tiers_reached(policies, app, subnets, port) == {tier}
        assert not policies.to_address(app, PROVIDER, port)


@pytest.mark.parametrize("app", [App.ORCHESTRATOR, App.WORKER])
def test_the_programs_reach_the_internet_by_https(app: App, policies: AppPolicies) -> None:
    assert policies.to_address(app, PROVIDER, 443)
    assert not policies.to_address(app, PROVIDER, 80)


@pytest.mark.parametrize("app", [App.ORCHESTRATOR, App.WORKER])
def test_the_programs_get_aws_credentials_but_not_the_nodes(
    app: App, policies: AppPolicies
) -> None:
    assert policies.to_address(app, POD_IDENTITY_AGENT, 80)
    for port in (80, 443):
        assert not policies.to_address(app, METADATA, port)


@pytest.mark.parametrize("app", [App.ORCHESTRATOR, App.WORKER])
def test_the_rule_for_the_internet_excludes_the_cluster_and_peered_networks(
    app: App, policies: AppPolicies, vpc: list[str]
) -> None:
    for address in (*vpc, str(IPv4Network(SERVICE_CIDR)[1]), "192.168.1.1", "100.64.0.1"):
        assert not policies.to_address(app, address, 443)


def test_the_job_reaches_the_database_and_nothing_else(
    policies: AppPolicies, subnets: Subnets
) -> None:
    job = App.DATABASE_USERS
    assert tiers_reached(policies, job, subnets, POSTGRES_PORT) == {"data"}
    for port in (REDIS_PORT, CLICKHOUSE_HTTPS_PORT, CLICKHOUSE_NATIVE_TLS_PORT):
        assert tiers_reached(policies, job, subnets, port) == set()
    assert not policies.to_address(job, PROVIDER, 443)
    assert not policies.to_address(job, POD_IDENTITY_AGENT, 80)


def test_the_schema_job_reaches_clickhouse_and_nothing_else(
    policies: AppPolicies, subnets: Subnets
) -> None:
    job = App.CLICKHOUSE_SCHEMA
    assert tiers_reached(policies, job, subnets, CLICKHOUSE_NATIVE_TLS_PORT) == {"private"}
    for port in (CLICKHOUSE_HTTPS_PORT, POSTGRES_PORT, REDIS_PORT):
        assert tiers_reached(policies, job, subnets, port) == set()
    assert not policies.to_address(job, PROVIDER, 443)
    assert not policies.to_address(job, POD_IDENTITY_AGENT, 80)


def test_only_the_load_balancers_subnets_reach_the_api(
    policies: AppPolicies, subnets: Subnets
) -> None:
    for tier, addresses in subnets.items():
        for address in addresses:
            api = policies.from_address(App.ORCHESTRATOR, address, ORCHESTRATOR_PORT)
            assert api is (tier == "public")
            for app in (App.ORCHESTRATOR, App.WORKER):
                assert not policies.from_address(app, address, METRICS_PORT)
    assert not policies.from_address(App.ORCHESTRATOR, PROVIDER, ORCHESTRATOR_PORT)
    for namespace in (NAMESPACE, "monitoring", "argocd"):
        assert not policies.from_pods_of(App.ORCHESTRATOR, namespace, ORCHESTRATOR_PORT)


@pytest.mark.parametrize("app", [App.ORCHESTRATOR, App.WORKER])
def test_only_monitoring_reads_metrics(app: App, policies: AppPolicies) -> None:
    assert policies.from_pods_of(app, "monitoring", METRICS_PORT)
    assert not policies.from_pods_of(app, NAMESPACE, METRICS_PORT)
    assert not policies.from_pods_of(app, "monitoring", ORCHESTRATOR_PORT)


def test_every_pod_reaches_the_clusters_dns_through_its_service(policies: AppPolicies) -> None:
    pods: tuple[App | None, ...] = (None, App.ORCHESTRATOR, App.WORKER, App.DATABASE_USERS)
    for pod in pods:
        for protocol in ("UDP", "TCP"):
            assert policies.to_service(pod, DNS, 53, protocol)


def test_every_pod_may_query_the_clusters_dns(name: str, manifests: Manifests) -> None:
    spec = one(manifests[name][App.NAMESPACE], "NetworkPolicy", "dns")["spec"]

    assert spec["podSelector"] == {}
    (rule,) = spec["egress"]
    assert {(port["port"], port["protocol"]) for port in rule["ports"]} == {
        (53, "UDP"),
        (53, "TCP"),
    }
    pods, services = rule["to"]
    # Both in one peer: the resolver's pods, not every pod of kube-system.
    assert pods.keys() == {"namespaceSelector", "podSelector"}
    assert services == {"ipBlock": {"cidr": SERVICE_CIDR}}
