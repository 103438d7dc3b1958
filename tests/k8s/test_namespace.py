"""The namespace's Pod Security level, and a quota that fits the platform and little more."""

import dataclasses
import math

import pytest

from environments.names import NAMESPACE, App
from environments.prod import PROD
from environments.registry import ENVIRONMENTS
from k8s.app import build
from tests.support.manifests import Manifest, one
from tests.support.quantities import quantity

ENVIRONMENT_NAMES = [env.name for env in ENVIRONMENTS]

Manifests = dict[str, dict[App, list[Manifest]]]


def _needed(manifests: dict[App, list[Manifest]], kind: str, resource: str) -> float:
    """The sum over all apps when all workers, every replica and the jobs run at the same time."""
    replicas = {
        App.WORKER: one(manifests[App.WORKER], "HorizontalPodAutoscaler")["spec"]["maxReplicas"],
        App.ORCHESTRATOR: one(manifests[App.ORCHESTRATOR], "Deployment")["spec"]["replicas"],
        App.DATABASE_USERS: 1,
        App.CLICKHOUSE_SCHEMA: 1,
    }
    total = 0.0
    for app, count in replicas.items():
        deployed = app in (App.WORKER, App.ORCHESTRATOR)
        owner = one(manifests[app], "Deployment" if deployed else "Job")
        (container,) = owner["spec"]["template"]["spec"]["containers"]
        total += count * quantity(container["resources"][kind][resource])
    return total


def _hard(manifests: dict[App, list[Manifest]]) -> dict[str, str]:
    hard: dict[str, str] = one(manifests[App.NAMESPACE], "ResourceQuota")["spec"]["hard"]
    return hard


@pytest.mark.parametrize("name", ENVIRONMENT_NAMES)
def test_the_namespace_admits_restricted_pods_only(name: str, manifests: Manifests) -> None:
    namespace = one(manifests[name][App.NAMESPACE], "Namespace")

    assert namespace["metadata"]["name"] == NAMESPACE
    for mode in ("enforce", "audit", "warn"):
        label = f"pod-security.kubernetes.io/{mode}"
        assert namespace["metadata"]["labels"][label] == "restricted"


@pytest.mark.parametrize("name", ENVIRONMENT_NAMES)
@pytest.mark.parametrize("kind", ["requests", "limits"])
@pytest.mark.parametrize("resource", ["cpu", "memory", "ephemeral-storage"])
def test_the_platform_at_its_largest_fits_the_quota_and_twice_does_not(
    name: str, kind: str, resource: str, manifests: Manifests
) -> None:
    needed = _needed(manifests[name], kind, resource)

    allowed = quantity(_hard(manifests[name])[f"{kind}.{resource}"])

    assert needed < allowed < 2 * needed


@pytest.mark.parametrize("name", ENVIRONMENT_NAMES)
def test_the_quota_has_room_for_pods_that_shut_down_and_their_successors(
    name: str, manifests: Manifests
) -> None:
    budget = one(manifests[name][App.WORKER], "PodDisruptionBudget")["spec"]["maxUnavailable"]
    workers = one(manifests[name][App.WORKER], "HorizontalPodAutoscaler")["spec"]["maxReplicas"]
    replicas = one(manifests[name][App.ORCHESTRATOR], "Deployment")["spec"]["replicas"]
    leaving_workers = math.ceil(workers * int(budget.removesuffix("%")) / 100)
    jobs = 2

    pods = int(_hard(manifests[name])["pods"])

    assert pods == workers + leaving_workers + replicas + 1 + jobs


def test_more_workers_raise_the_quota() -> None:
    larger = dataclasses.replace(
        PROD, worker=dataclasses.replace(PROD.worker, max_replicas=2 * PROD.worker.max_replicas)
    )
    manifests: dict[App, list[Manifest]] = build(larger)

    assert quantity(_hard(manifests)["requests.cpu"]) > _needed(manifests, "requests", "cpu")


@pytest.mark.parametrize("name", ENVIRONMENT_NAMES)
def test_the_quota_allows_no_volume_and_no_load_balancer(name: str, manifests: Manifests) -> None:
    hard = _hard(manifests[name])

    for resource in ("persistentvolumeclaims", "services.loadbalancers", "services.nodeports"):
        assert hard[resource] == "0"


@pytest.mark.parametrize("name", ENVIRONMENT_NAMES)
def test_every_container_fits_the_limit_range(name: str, manifests: Manifests) -> None:
    (limits,) = one(manifests[name][App.NAMESPACE], "LimitRange")["spec"]["limits"]

    for app in (App.WORKER, App.ORCHESTRATOR):
        template = one(manifests[name][app], "Deployment")["spec"]["template"]
        (container,) = template["spec"]["containers"]
        for resource, limit in container["resources"]["limits"].items():
            assert quantity(limit) <= quantity(limits["max"][resource])


@pytest.mark.parametrize("name", ENVIRONMENT_NAMES)
def test_a_container_without_requests_and_limits_gets_small_ones(
    name: str, manifests: Manifests
) -> None:
    (limits,) = one(manifests[name][App.NAMESPACE], "LimitRange")["spec"]["limits"]

    assert quantity(limits["default"]["cpu"]) <= 0.5
    assert quantity(limits["default"]["memory"]) <= quantity("256Mi")
    assert limits["defaultRequest"].keys() == limits["default"].keys()
