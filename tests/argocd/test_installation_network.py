"""Argo CD's namespace: what its components reach, with the release's own policies if any are left."""

import pytest

from argocd import installation_network
from environments.names import ARGOCD_NAMESPACE, MONITORING_NAMESPACE, NAMESPACE
from environments.registry import ENVIRONMENTS
from tests.support.manifests import Manifest, all_of
from tests.support.network_policies import Policies
from tests.support.previews import PREVIEWED
from tests.support.services import API, ARGOCD_REDIS, ARGOCD_REPO_SERVER, DNS, Service

EACH_NAME = pytest.mark.parametrize("name", [env.name for env in ENVIRONMENTS])
CONTROLLER = "argocd-application-controller"
REPO_SERVER = "argocd-repo-server"
SERVER = "argocd-server"
REDIS = "argocd-redis"
APPLICATION_SETS = "argocd-applicationset-controller"
COMPONENTS = (CONTROLLER, REPO_SERVER, SERVER, REDIS)
STRANGER = "stranger"
# Of the release's Services and containers.
PORTS = (6379, 7000, 8080, 8081, 8082, 8083, 8084)
GITHUB = "140.82.121.4"
POD_IDENTITY_AGENT = "169.254.170.23"

Built = dict[str, list[Manifest]]


def policies_of(objects: list[Manifest]) -> Policies[str]:
    return Policies(
        objects,
        namespace=ARGOCD_NAMESPACE,
        labels_of=lambda pod: {"app.kubernetes.io/name": pod},
    )


@pytest.fixture
def policies(name: str, built: Built) -> Policies[str]:
    return policies_of(built[name])


@EACH_NAME
def test_nothing_outside_the_namespace_reaches_argo_cd(
    name: str, policies: Policies[str], subnets: dict[str, list[str]]
) -> None:
    for component in (*COMPONENTS, STRANGER):
        for port in PORTS:
            for addresses in subnets.values():
                assert not policies.from_address(component, addresses[0], port), component
            for namespace in (NAMESPACE, MONITORING_NAMESPACE, "kube-system", "eval-pr-7"):
                assert not policies.from_pods_of(component, namespace, port), component


@EACH_NAME
def test_only_its_clients_reach_a_component(name: str, policies: Policies[str]) -> None:
    pods = (*COMPONENTS, STRANGER)
    assert {
        (source, target, port)
        for source in pods
        for target in pods
        for port in PORTS
        if policies.between(source, target, port)
    } == {
        (CONTROLLER, REPO_SERVER, 8081),
        (SERVER, REPO_SERVER, 8081),
        (CONTROLLER, REDIS, 6379),
        (SERVER, REDIS, 6379),
        (REPO_SERVER, REDIS, 6379),
    }


@EACH_NAME
@pytest.mark.parametrize(
    ("service", "port", "clients"),
    [
        (ARGOCD_REPO_SERVER, 8081, {CONTROLLER, SERVER}),
        (ARGOCD_REDIS, 6379, {CONTROLLER, SERVER, REPO_SERVER}),
        # Redis' first container makes the Secret with its password; the repo server has no token.
        (API, 443, {CONTROLLER, SERVER, REDIS}),
        (DNS, 53, {*COMPONENTS, STRANGER}),
    ],
    ids=lambda value: value.name if isinstance(value, Service) else "",
)
def test_each_service_is_reached_by_its_clients_and_by_no_other_component(
    name: str, policies: Policies[str], service: Service, port: int, clients: set[str]
) -> None:
    pods = (*COMPONENTS, STRANGER)
    protocol = "UDP" if service is DNS else "TCP"
    assert {pod for pod in pods if policies.to_service(pod, service, port, protocol)} == clients


@EACH_NAME
def test_only_the_repo_server_reaches_the_internet_and_no_pod_a_store(
    name: str, policies: Policies[str], subnets: dict[str, list[str]]
) -> None:
    for pod in (*COMPONENTS, STRANGER):
        assert policies.to_address(pod, GITHUB, 443) is (pod == REPO_SERVER)
        assert not policies.to_address(pod, GITHUB, 80)
        assert not policies.to_address(pod, POD_IDENTITY_AGENT, 80)
        for port in (5432, 6379, 8443, 9440):
            for addresses in subnets.values():
                assert not policies.to_address(pod, addresses[0], port)


@EACH_NAME
def test_the_programs_that_use_the_kubernetes_api_reach_the_api_server(
    name: str, policies: Policies[str], subnets: dict[str, list[str]]
) -> None:
    for pod in (*COMPONENTS, STRANGER):
        reached = policies.to_address(pod, subnets["private"][0], 443)
        assert reached is (pod in (CONTROLLER, SERVER, REDIS))


def test_with_previews_their_controller_reaches_github_and_the_repo_server() -> None:
    policies = policies_of(installation_network.policies(PREVIEWED))
    assert policies.to_service(APPLICATION_SETS, ARGOCD_REPO_SERVER, 8081)
    assert policies.between(APPLICATION_SETS, REPO_SERVER, 8081)
    assert policies.to_service(APPLICATION_SETS, API, 443)
    assert policies.to_address(APPLICATION_SETS, GITHUB, 443)
    for port in (7000, 8080):
        assert not policies.from_pods_of(APPLICATION_SETS, NAMESPACE, port)
        assert not policies.between(SERVER, APPLICATION_SETS, port)


@EACH_NAME
def test_argo_cd_denies_after_it_has_allowed(name: str, built: Built) -> None:
    """It applies these policies to itself."""
    late = {
        policy["metadata"]["name"]
        for policy in all_of(built[name], "NetworkPolicy")
        if policy["metadata"].get("annotations", {}).get("argocd.argoproj.io/sync-wave") == "1"
    }
    assert late == {"default-deny"}
