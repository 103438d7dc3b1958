"""Argo CD as the real Kustomize builds it: the platform's changes on a stand-in for upstream's manifests."""

from typing import Any

import kubernetes_validate
import pytest

from argocd.self_managed import CLUSTER_KINDS, NAMESPACED_KINDS
from environments.catalog import ARGOCD
from environments.names import Names
from environments.prod import PROD
from environments.registry import ENVIRONMENTS as REGISTERED
from tests.support.manifests import Manifest, all_of, one
from tests.support.quantities import quantity

ENVIRONMENTS = pytest.mark.parametrize("name", [env.name for env in REGISTERED])
CLUSTER_SCOPED = ("Namespace", "CustomResourceDefinition", "ClusterRole", "ClusterRoleBinding")

Built = dict[str, list[Manifest]]


def pods(objects: list[Manifest]) -> dict[str, Any]:
    """Workload name → its pods' spec."""
    return {
        workload["metadata"]["name"]: workload["spec"]["template"]["spec"]
        for kind in ("Deployment", "StatefulSet")
        for workload in all_of(objects, kind)
    }


def containers(pod: dict[str, Any]) -> list[dict[str, Any]]:
    return [*pod["containers"], *pod.get("initContainers", [])]


@ENVIRONMENTS
def test_every_container_of_argo_cd_has_requests_and_limits(name: str, built: Built) -> None:
    for pod in pods(built[name]).values():
        for container in containers(pod):
            for part in ("requests", "limits"):
                assert set(container["resources"][part]) == {"cpu", "memory"}, container["name"]


@ENVIRONMENTS
def test_argo_cd_takes_a_small_part_of_the_general_pool(name: str, built: Built) -> None:
    cpu = memory = 0.0
    for workload in (*all_of(built[name], "Deployment"), *all_of(built[name], "StatefulSet")):
        for container in workload["spec"]["template"]["spec"]["containers"]:
            requests = container["resources"]["requests"]
            cpu += workload["spec"]["replicas"] * quantity(requests["cpu"])
            memory += workload["spec"]["replicas"] * quantity(requests["memory"])
    assert cpu <= 0.5
    assert memory <= 1.2 * 2**30


@ENVIRONMENTS
def test_argo_cd_runs_on_the_general_pool_and_keeps_upstreams_node_selector(
    name: str, built: Built
) -> None:
    for pod in pods(built[name]).values():
        assert pod["nodeSelector"] == {
            "eval-platform.io/pool": "general",
            "kubernetes.io/os": "linux",
        }


def test_production_serves_and_renders_while_a_node_is_drained(built: Built) -> None:
    for name in ("argocd-server", "argocd-repo-server"):
        assert (
            one(built["prod"], "Deployment", name)["spec"]["replicas"]
            == PROD.controller_replicas
            >= 2
        )
        budget = one(built["prod"], "PodDisruptionBudget", name)["spec"]
        assert budget["maxUnavailable"] == 1
        labels = one(built["prod"], "Deployment", name)["spec"]["selector"]["matchLabels"]
        assert budget["selector"]["matchLabels"] == labels


@ENVIRONMENTS
def test_unused_components_are_not_installed(
    name: str, built: Built, names: dict[str, Names]
) -> None:
    for_previews = "argocd-applicationset-controller"
    assert set(pods(built[name])) - {for_previews} == {
        "argocd-application-controller",
        "argocd-redis",
        "argocd-repo-server",
        "argocd-server",
    }
    left = {manifest["metadata"]["name"] for manifest in built[name]}
    assert (for_previews in left) == (names[name].env.previews is not None)
    for gone in ("dex", "notifications"):
        assert not any(gone in found for found in left)


@ENVIRONMENTS
def test_images_are_upstreams_by_digest(name: str, built: Built) -> None:
    images = {c["image"] for pod in pods(built[name]).values() for c in containers(pod)}
    assert images == {
        f"quay.io/argoproj/argocd:{ARGOCD.version}@{ARGOCD.image_digest}",
        f"public.ecr.aws/docker/library/redis@{ARGOCD.redis_digest}",
    }


@ENVIRONMENTS
def test_upstreams_settings_are_kept_with_the_platforms(name: str, built: Built) -> None:
    settings = one(built[name], "ConfigMap", "argocd-cm")["data"]
    assert settings["theirs"] == "kept"
    assert (
        "waiting for its first sync"
        in (settings["resource.customizations.health.argoproj.io_Application"])
    )
    parameters = one(built[name], "ConfigMap", "argocd-cmd-params-cm")["data"]
    assert parameters == {"controller.sync.timeout.seconds": "1800"}


@ENVIRONMENTS
def test_definitions_and_the_namespace_survive_a_mistake_in_git(name: str, built: Built) -> None:
    kept = [*all_of(built[name], "CustomResourceDefinition"), one(built[name], "Namespace")]
    assert len(kept) == 4
    for manifest in kept:
        options = manifest["metadata"]["annotations"]["argocd.argoproj.io/sync-options"]
        assert options == "Prune=false,Delete=false"


@ENVIRONMENTS
def test_everything_is_in_argo_cds_namespace(name: str, built: Built) -> None:
    for manifest in built[name]:
        expected = None if manifest["kind"] in CLUSTER_SCOPED else "argocd"
        assert manifest["metadata"].get("namespace") == expected


@ENVIRONMENTS
def test_no_secret_has_a_value_in_git(name: str, built: Built) -> None:
    for secret in all_of(built[name], "Secret"):
        assert not secret.keys() & {"data", "stringData"}


@ENVIRONMENTS
def test_kubernetes_accepts_what_the_platform_adds(name: str, built: Built) -> None:
    version = next(env for env in REGISTERED if env.name == name).cluster.kubernetes_version
    for kind in ("Namespace", "LimitRange", "NetworkPolicy", "PodDisruptionBudget"):
        for manifest in all_of(built[name], kind):
            kubernetes_validate.validate(manifest, version, strict=True)


@ENVIRONMENTS
def test_argo_cds_own_project_permits_exactly_what_its_installation_is(
    name: str, built: Built
) -> None:
    kinds = [
        (
            manifest["apiVersion"].rpartition("/")[0],
            manifest["kind"],
            manifest["metadata"]["name"] if manifest["kind"] in CLUSTER_SCOPED else None,
        )
        for manifest in built[name]
    ]
    permitted = {(kind.group, kind.kind, kind.name) for kind in (*CLUSTER_KINDS, *NAMESPACED_KINDS)}
    # The ApplicationSet controller is installed where previews are on.
    assert permitted - set(kinds) <= {
        ("rbac.authorization.k8s.io", kind, "argocd-applicationset-controller")
        for kind in ("ClusterRole", "ClusterRoleBinding")
    }
    assert set(kinds) <= permitted


@ENVIRONMENTS
def test_argo_cd_syncs_the_folder_it_was_installed_from_and_survives_its_application(
    name: str, argocd: dict[str, list[Manifest]], names: dict[str, Names]
) -> None:
    application = one(argocd[name], "Application", names[name].argocd_installation)
    assert application["spec"]["source"]["path"] == f"rendered/{name}/argocd-install"
    assert "directory" not in application["spec"]["source"]
    assert "finalizers" not in application["metadata"]
    assert "ServerSideApply=true" in application["spec"]["syncPolicy"]["syncOptions"]


def test_argo_cds_version_is_tested_on_every_clusters_kubernetes() -> None:
    for env in REGISTERED:
        assert env.cluster.kubernetes_version in ARGOCD.kubernetes_versions
