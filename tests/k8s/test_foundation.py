"""What the add-ons need first."""

import pytest

from environments.names import DEFAULT_STORAGE_CLASS, EXTERNAL_SECRETS, App
from tests.support.manifests import Manifest, all_of, one

ENVIRONMENTS = pytest.mark.parametrize("name", ["dev", "prod"])

Manifests = dict[str, dict[App, list[Manifest]]]


@ENVIRONMENTS
def test_a_claim_without_a_class_gets_an_encrypted_volume_in_its_pods_zone(
    name: str, manifests: Manifests
) -> None:
    (storage_class,) = [
        m for objects in manifests[name].values() for m in all_of(objects, "StorageClass")
    ]
    assert storage_class["metadata"]["name"] == DEFAULT_STORAGE_CLASS
    annotations = storage_class["metadata"]["annotations"]
    assert annotations == {"storageclass.kubernetes.io/is-default-class": "true"}
    assert storage_class["provisioner"] == "ebs.csi.aws.com"
    assert storage_class["parameters"] == {"type": "gp3", "encrypted": "true"}
    assert storage_class["volumeBindingMode"] == "WaitForFirstConsumer"
    assert storage_class["allowVolumeExpansion"] is True


@ENVIRONMENTS
def test_the_operators_namespace_takes_only_restricted_pods(
    name: str, manifests: Manifests
) -> None:
    namespace = one(manifests[name][App.FOUNDATION], "Namespace")
    assert namespace["metadata"]["name"] == EXTERNAL_SECRETS.namespace
    for mode in ("enforce", "audit", "warn"):
        level = namespace["metadata"]["labels"][f"pod-security.kubernetes.io/{mode}"]
        assert level == "restricted"


@ENVIRONMENTS
def test_its_objects_have_no_namespace(name: str, manifests: Manifests) -> None:
    assert all("namespace" not in m["metadata"] for m in manifests[name][App.FOUNDATION])
