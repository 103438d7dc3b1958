"""Kubernetes, or the CRD of its kind, accepts every field of every object."""

import copy
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from environments.names import App, Secret
from environments.registry import ENVIRONMENTS
from tests.support.crds import as_stored, is_custom, needs_crds, validate_custom_resource
from tests.support.manifests import Manifest, all_of, one

VERSIONS = {env.name: env.cluster.kubernetes_version for env in ENVIRONMENTS}

Manifests = dict[str, dict[App, list[Manifest]]]


def _objects(manifests: dict[App, list[Manifest]], *, custom: bool) -> list[Manifest]:
    return [m for objects in manifests.values() for m in objects if is_custom(m) == custom]


def _problem(manifest: Manifest, version: str) -> str | None:
    try:
        # It falls back to the newest version it has, and reports that version.
        assert kubernetes_validate.validate(manifest, version, strict=True) == version
    except kubernetes_validate.ValidationError as error:
        return f"{manifest['kind']} {manifest['metadata']['name']}: {error.message}"
    return None


@pytest.mark.parametrize("name", VERSIONS)
def test_kubernetes_accepts_every_object(name: str, manifests: Manifests) -> None:
    objects = _objects(manifests[name], custom=False)

    assert len(objects) > 20
    assert [p for m in objects if (p := _problem(m, VERSIONS[name]))] == []


@needs_crds
@pytest.mark.parametrize("name", VERSIONS)
def test_every_custom_resource_fits_its_definition(name: str, manifests: Manifests) -> None:
    objects = _objects(manifests[name], custom=True)

    assert len(objects) > 5
    assert {
        m["metadata"]["name"]: problems
        for m in objects
        if (problems := validate_custom_resource(m))
    } == {}


@needs_crds
@pytest.mark.parametrize("name", VERSIONS)
def test_the_cluster_stores_an_external_secret_as_git_has_it(
    name: str, manifests: Manifests
) -> None:
    objects = _objects(manifests[name], custom=True)
    for manifest in all_of(objects, "ExternalSecret"):
        assert as_stored(manifest) == manifest


def test_only_cluster_scoped_objects_have_no_namespace(manifests: Manifests) -> None:
    without = {
        m["kind"]
        for objects in manifests["prod"].values()
        for m in objects
        if "namespace" not in m["metadata"]
    }

    assert without == {"Namespace", "StorageClass"}


@pytest.fixture
def external_secret(manifests: Manifests) -> Manifest:
    return copy.deepcopy(one(manifests["prod"][App.SECRETS], "ExternalSecret", Secret.REDIS))


@needs_crds
def test_the_check_refuses_a_field_that_is_not_in_the_definition(
    external_secret: Manifest,
) -> None:
    external_secret["spec"]["target"]["deletePolicy"] = "Retain"
    external_secret["metadata"]["label"] = {}

    problems = validate_custom_resource(external_secret)

    assert len(problems) == 2
    assert "'label' was unexpected" in problems[0]
    assert "'deletePolicy' was unexpected" in problems[1]


@needs_crds
def test_the_check_refuses_a_version_that_is_not_served(external_secret: Manifest) -> None:
    external_secret["apiVersion"] = "external-secrets.io/v1beta1"

    assert "not served" in validate_custom_resource(external_secret)[0]


@needs_crds
def test_the_check_evaluates_the_definitions_rules(manifests: Manifests) -> None:
    store = copy.deepcopy(one(manifests["prod"][App.SECRETS], "SecretStore"))
    store["spec"]["provider"]["aws"]["customSessionTags"] = {"esoNamespace": "other"}

    (problem,) = validate_custom_resource(store)

    assert "cannot contain automatically injected reserved keys" in problem


def test_the_check_does_not_pass_a_rule_that_it_cannot_evaluate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema = {
        "type": "object",
        "properties": {
            "spec": {
                "type": "object",
                "properties": {"url": {"type": "string"}},
                "x-kubernetes-validations": [{"rule": "isURL(self.url)"}],
            }
        },
    }
    version = {"name": "v1", "served": True, "schema": {"openAPIV3Schema": schema}}
    definition = {
        "spec": {
            "group": "example.test",
            "names": {"kind": "Site"},
            "scope": "Namespaced",
            "versions": [version],
        }
    }
    (tmp_path / "example.test_sites.yaml").write_text(yaml.safe_dump(definition))
    monkeypatch.setenv("CRD_DIR", str(tmp_path))
    site: Manifest = {
        "apiVersion": "example.test/v1",
        "kind": "Site",
        "metadata": {"name": "home", "namespace": "default"},
        "spec": {"url": "https://example.test"},
    }

    (problem,) = [p for p in validate_custom_resource(site) if p.startswith("spec")]

    assert problem.startswith("spec: cannot evaluate")
