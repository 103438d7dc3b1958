"""The API: requests that survive a rollout, a drain and a lost zone."""

import dataclasses
import json

import pytest

from environments.names import App, Secret
from environments.prod import PROD
from environments.registry import ENVIRONMENTS
from environments.spec import Environment
from k8s.app import build
from tests.support.each_environment import EACH_NAME
from tests.support.manifests import Manifest, one

ENVIRONMENT_NAMES = [env.name for env in ENVIRONMENTS]

Manifests = dict[str, dict[App, list[Manifest]]]


def _deployment(manifests: dict[App, list[Manifest]]) -> Manifest:
    spec: Manifest = one(manifests[App.ORCHESTRATOR], "Deployment")["spec"]
    return spec


def _container(manifests: dict[App, list[Manifest]]) -> Manifest:
    container: Manifest
    (container,) = _deployment(manifests)["template"]["spec"]["containers"]
    return container


def _load_balancer(manifests: dict[App, list[Manifest]]) -> dict[str, str]:
    annotations = one(manifests[App.ORCHESTRATOR], "Ingress")["metadata"]["annotations"]
    return {key.removeprefix("alb.ingress.kubernetes.io/"): v for key, v in annotations.items()}


@EACH_NAME
def test_the_orchestrator_has_the_environments_replicas_and_requests(
    name: str, manifests: Manifests
) -> None:
    (env,) = (env for env in ENVIRONMENTS if env.name == name)
    assert _deployment(manifests[name])["replicas"] == env.orchestrator.replicas
    requests = _container(manifests[name])["resources"]["requests"]
    assert requests["cpu"] == f"{env.orchestrator.compute.cpu_request_millicores}m"
    assert requests["memory"] == f"{env.orchestrator.compute.memory_request_mib}Mi"


def test_production_replicas_never_share_a_zone_while_another_has_none(
    manifests: Manifests,
) -> None:
    pod = _deployment(manifests["prod"])["template"]
    zone, host = pod["spec"]["topologySpreadConstraints"]

    assert zone["topologyKey"] == "topology.kubernetes.io/zone"
    assert (zone["maxSkew"], zone["whenUnsatisfiable"]) == (1, "DoNotSchedule")
    assert host["topologyKey"] == "kubernetes.io/hostname"
    for constraint in (zone, host):
        assert (
            constraint["labelSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
        )


@pytest.mark.parametrize("name", ENVIRONMENT_NAMES)
def test_a_rollout_keeps_a_replica_serving_and_needs_no_room_for_another(
    name: str, manifests: Manifests
) -> None:
    spec = _deployment(manifests[name])
    rollout = spec["strategy"]["rollingUpdate"]

    assert spec["replicas"] - rollout["maxUnavailable"] >= 1
    assert rollout["maxSurge"] == (0 if spec["replicas"] > 1 else 1)


@pytest.mark.parametrize("name", ENVIRONMENT_NAMES)
def test_a_new_pod_counts_once_the_load_balancer_has_found_it_healthy(
    name: str, manifests: Manifests
) -> None:
    balancer = _load_balancer(manifests[name])
    healthy_after = int(balancer["healthcheck-interval-seconds"]) * int(
        balancer["healthy-threshold-count"]
    )

    assert _deployment(manifests[name])["minReadySeconds"] >= healthy_after


@pytest.mark.parametrize("name", ENVIRONMENT_NAMES)
def test_a_pod_that_stops_has_time_to_finish_its_requests(name: str, manifests: Manifests) -> None:
    waits = _container(manifests[name])["lifecycle"]["preStop"]["sleep"]["seconds"]
    attributes = _load_balancer(manifests[name])["target-group-attributes"]
    draining = int(attributes.removeprefix("deregistration_delay.timeout_seconds="))

    grace = _deployment(manifests[name])["template"]["spec"]["terminationGracePeriodSeconds"]

    assert waits >= 10
    assert grace >= waits + draining


@pytest.mark.parametrize("name", ENVIRONMENT_NAMES)
def test_a_drain_evicts_one_replica_at_a_time(name: str, manifests: Manifests) -> None:
    budget = one(manifests[name][App.ORCHESTRATOR], "PodDisruptionBudget")["spec"]

    assert budget["maxUnavailable"] == 1
    labels = _deployment(manifests[name])["template"]["metadata"]["labels"]
    assert budget["selector"]["matchLabels"].items() <= labels.items()


@pytest.mark.parametrize("name", ENVIRONMENT_NAMES)
def test_liveness_and_readiness_check_different_paths(name: str, manifests: Manifests) -> None:
    container = _container(manifests[name])

    alive = container["livenessProbe"]["httpGet"]
    assert alive == container["startupProbe"]["httpGet"]
    assert alive["path"] != container["readinessProbe"]["httpGet"]["path"]


@pytest.mark.parametrize("name", ENVIRONMENT_NAMES)
def test_users_connect_by_tls_from_listed_networks_only(name: str, manifests: Manifests) -> None:
    balancer = _load_balancer(manifests[name])
    ingress = one(manifests[name][App.ORCHESTRATOR], "Ingress")["spec"]
    env = next(env for env in ENVIRONMENTS if env.name == name)

    assert json.loads(balancer["listen-ports"]) == [{"HTTP": 80}, {"HTTPS": 443}]
    assert balancer["ssl-redirect"] == "443"
    assert balancer["ssl-policy"].startswith("ELBSecurityPolicy-TLS13-1-2")
    assert balancer["inbound-cidrs"].split(",") == list(env.orchestrator.allowed_cidrs)
    (rule,) = ingress["rules"]
    assert ingress["tls"] == [{"hosts": [rule["host"]]}]
    assert rule["host"] == env.orchestrator.hostname


def _allowing(*cidrs: str) -> Environment:
    orchestrator = dataclasses.replace(PROD.orchestrator, allowed_cidrs=cidrs)
    return dataclasses.replace(PROD, orchestrator=orchestrator)


@pytest.mark.parametrize(
    ("cidrs", "scheme"),
    [
        (("10.0.0.0/8", "192.168.0.0/16"), "internal"),
        (("10.0.0.0/8", "52.94.0.0/22"), "internet-facing"),
    ],
)
def test_the_load_balancer_is_internet_facing_only_if_a_listed_network_is_public(
    cidrs: tuple[str, ...], scheme: str
) -> None:
    assert _load_balancer(build(_allowing(*cidrs)))["scheme"] == scheme


@pytest.mark.parametrize("name", ENVIRONMENT_NAMES)
def test_the_load_balancer_has_the_same_cost_centre(name: str, manifests: Manifests) -> None:
    env = next(env for env in ENVIRONMENTS if env.name == name)

    tags = _load_balancer(manifests[name])["tags"].split(",")

    assert {f"CostCenter={env.ownership.cost_center}", f"Environment={name}"} <= set(tags)


@pytest.mark.parametrize("name", ENVIRONMENT_NAMES)
def test_the_api_has_no_llm_key(name: str, manifests: Manifests) -> None:
    assert Secret.LLM_KEYS not in str(manifests[name][App.ORCHESTRATOR])


def test_a_change_of_configuration_replaces_the_pods() -> None:
    moved = dataclasses.replace(PROD, account=dataclasses.replace(PROD.account, id="333333333333"))

    before, after = (
        _deployment(build(env))["template"]["metadata"]["annotations"] for env in (PROD, moved)
    )

    assert before != after
