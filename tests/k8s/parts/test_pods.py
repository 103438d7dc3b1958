"""Rules for every pod of every app."""

import re
from collections.abc import Iterator

import pytest

from environments.names import NODE_POOL_LABEL, WORKER_POOL, App
from environments.registry import ENVIRONMENTS
from tests.support.manifests import Manifest

ENVIRONMENT_NAMES = [env.name for env in ENVIRONMENTS]
APPS_WITH_PODS = (App.DATABASE_USERS, App.CLICKHOUSE_SCHEMA, App.ORCHESTRATOR, App.WORKER)

Manifests = dict[str, dict[App, list[Manifest]]]


def _pods(manifests: dict[App, list[Manifest]]) -> Iterator[tuple[App, Manifest]]:
    for app, objects in manifests.items():
        for manifest in objects:
            if "template" in manifest.get("spec", {}):
                yield app, manifest["spec"]["template"]["spec"]


def _containers(manifests: dict[App, list[Manifest]]) -> Iterator[tuple[App, Manifest]]:
    for app, pod in _pods(manifests):
        for container in (*pod["containers"], *pod.get("initContainers", [])):
            yield app, container


def _strings(value: object) -> Iterator[tuple[str, str]]:
    """Each string in the manifests, with its key."""
    if isinstance(value, dict):
        yield from ((key, inner) for key, inner in value.items() if isinstance(inner, str))
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)


@pytest.mark.parametrize("name", ENVIRONMENT_NAMES)
def test_these_are_all_the_apps_with_pods(name: str, manifests: Manifests) -> None:
    assert tuple(app for app, _ in _pods(manifests[name])) == APPS_WITH_PODS


@pytest.mark.parametrize("name", ENVIRONMENT_NAMES)
def test_no_container_is_root_writes_its_filesystem_or_has_a_capability(
    name: str, manifests: Manifests
) -> None:
    for _, container in _containers(manifests[name]):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "privileged": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
        }
    for _, pod in _pods(manifests[name]):
        security = pod["securityContext"]
        assert security["runAsNonRoot"] is True
        assert security["runAsUser"] >= 10000
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()


@pytest.mark.parametrize("name", ENVIRONMENT_NAMES)
def test_every_container_has_requests_and_limits(name: str, manifests: Manifests) -> None:
    for _, container in _containers(manifests[name]):
        for kind in ("requests", "limits"):
            assert container["resources"][kind].keys() == {"cpu", "memory", "ephemeral-storage"}


@pytest.mark.parametrize("name", ENVIRONMENT_NAMES)
def test_cpu_is_in_millicores_and_memory_and_scratch_space_in_mebibytes(
    name: str, manifests: Manifests
) -> None:
    units = {"cpu": "m", "memory": "Mi", "ephemeral-storage": "Mi", "sizeLimit": "Mi"}
    found = set()
    for resource, amount in _strings(list(manifests[name].values())):
        resource = resource.removeprefix("requests.").removeprefix("limits.")
        if resource in units:
            found.add(resource)
            assert re.fullmatch(rf"\d+{units[resource]}", amount), f"{resource}: {amount}"
    assert found == units.keys()


@pytest.mark.parametrize("name", ENVIRONMENT_NAMES)
def test_what_a_container_may_write_is_bounded(name: str, manifests: Manifests) -> None:
    for _, pod in _pods(manifests[name]):
        for volume in pod["volumes"]:
            assert volume.keys() & {"emptyDir", "secret", "configMap"}
            assert "sizeLimit" in volume.get("emptyDir", {"sizeLimit": "read-only"})


@pytest.mark.parametrize("name", ENVIRONMENT_NAMES)
def test_no_pod_gets_a_kubernetes_token(name: str, manifests: Manifests) -> None:
    accounts = [
        m for objects in manifests[name].values() for m in objects if m["kind"] == "ServiceAccount"
    ]

    assert all(account["automountServiceAccountToken"] is False for account in accounts)
    made = {account["metadata"]["name"] for account in accounts}
    for _, pod in _pods(manifests[name]):
        assert pod["automountServiceAccountToken"] is False
        assert pod["serviceAccountName"] in made


@pytest.mark.parametrize("name", ENVIRONMENT_NAMES)
def test_only_workers_go_to_the_spot_nodes(name: str, manifests: Manifests) -> None:
    for app, pod in _pods(manifests[name]):
        spot = pod["nodeSelector"][NODE_POOL_LABEL] == WORKER_POOL
        tolerates = {t["key"] for t in pod.get("tolerations", [])}
        assert spot == (app is App.WORKER)
        assert tolerates == ({NODE_POOL_LABEL} if spot else set())


@pytest.mark.parametrize("name", ENVIRONMENT_NAMES)
def test_images_are_named_by_digest(name: str, manifests: Manifests) -> None:
    for _, container in _containers(manifests[name]):
        assert "@sha256:" in container["image"]


@pytest.mark.parametrize("name", ENVIRONMENT_NAMES)
def test_every_mounted_or_named_object_is_made_by_some_app(name: str, manifests: Manifests) -> None:
    made = {
        (m["kind"], m["metadata"]["name"]) for objects in manifests[name].values() for m in objects
    }
    for _, pod in _pods(manifests[name]):
        used = {
            ("ExternalSecret", volume["secret"]["secretName"])
            for volume in pod["volumes"]
            if "secret" in volume
        } | {
            ("ConfigMap", volume["configMap"]["name"])
            for volume in pod["volumes"]
            if "configMap" in volume
        }
        for container in pod["containers"]:
            used |= {
                ("ConfigMap", source["configMapRef"]["name"])
                for source in container.get("envFrom", [])
            } | {
                ("ExternalSecret", variable["valueFrom"]["secretKeyRef"]["name"])
                for variable in container.get("env", [])
                if "valueFrom" in variable
            }
        assert used <= made
