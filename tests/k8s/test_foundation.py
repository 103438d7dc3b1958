"""What the add-ons need first."""

from dataclasses import replace

import pytest

from environments.names import DEFAULT_STORAGE_CLASS, EXTERNAL_SECRETS, App, Names
from environments.prod import PROD
from k8s import app
from tests.support.manifests import Manifest, all_of, one
from tests.support.network_policies import Policies
from tests.support.services import API, DNS

ENVIRONMENTS = pytest.mark.parametrize("name", ["dev", "prod"])

PARTS = ("external-secrets", "external-secrets-webhook", "external-secrets-cert-controller")
INTERNET = "104.18.7.192"
POD_IDENTITY_AGENT = "169.254.170.23"

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
def test_beside_cluster_wide_objects_it_has_policies_of_the_operators_namespace(
    name: str, manifests: Manifests
) -> None:
    objects = manifests[name][App.FOUNDATION]
    assert {m["kind"] for m in objects if "namespace" not in m["metadata"]} == {
        "Namespace",
        "StorageClass",
    }
    assert {
        (m["kind"], m["metadata"]["namespace"]) for m in objects if "namespace" in m["metadata"]
    } == {("NetworkPolicy", EXTERNAL_SECRETS.namespace)}


@pytest.fixture
def policies(name: str, manifests: Manifests) -> Policies[str]:
    """Pods by the label that the operator's chart gives them."""
    return Policies(
        manifests[name][App.FOUNDATION],
        namespace=EXTERNAL_SECRETS.namespace,
        labels_of=lambda pod: {"app.kubernetes.io/name": pod},
    )


@ENVIRONMENTS
def test_pods_of_no_part_of_the_operator_have_no_connections(
    name: str, policies: Policies[str], subnets: dict[str, list[str]]
) -> None:
    vpc = [address for tier in subnets.values() for address in tier]
    for port in (80, 443, 5432, 6379, 8443, 10250):
        for address in (*vpc, INTERNET, POD_IDENTITY_AGENT):
            assert not policies.to_address("stranger", address, port)
            assert not policies.from_address("stranger", address, port)
        assert not policies.to_service("stranger", API, 443)


@ENVIRONMENTS
def test_the_operator_reaches_the_api_aws_and_its_credentials(
    name: str, policies: Policies[str], subnets: dict[str, list[str]], names: dict[str, Names]
) -> None:
    operator = "external-secrets"
    assert policies.to_service(operator, API, 443)
    assert policies.to_service(operator, DNS, 53, "UDP")
    assert policies.to_address(operator, POD_IDENTITY_AGENT, 80)
    # The API server, and AWS where the VPC has endpoints for it.
    assert policies.to_address(operator, subnets["private"][0], 443)
    endpoints = set(names[name].env.network.interface_endpoints)
    by_internet = not {"secretsmanager", "sts"} <= endpoints
    assert policies.to_address(operator, INTERNET, 443) is by_internet
    for tier in ("data", "public"):
        for port in (443, 5432, 6379):
            assert not policies.to_address(operator, subnets[tier][0], port)


def test_with_endpoints_the_operator_cannot_send_secrets_to_the_internet() -> None:
    network = replace(PROD.network, interface_endpoints=("secretsmanager", "sts"))
    built = app.build(replace(PROD, network=network))
    policies = all_of(built[App.FOUNDATION], "NetworkPolicy")
    assert policies
    assert "0.0.0.0/0" not in str(policies)


@ENVIRONMENTS
def test_the_api_server_reaches_the_operators_webhook_and_nothing_else(
    name: str, policies: Policies[str], subnets: dict[str, list[str]]
) -> None:
    for pod in PARTS:
        for port in (8080, 8081, 10250):
            webhook = (pod, port) == ("external-secrets-webhook", 10250)
            assert policies.from_address(pod, subnets["private"][0], port) is webhook
            assert not policies.from_address(pod, subnets["public"][0], port)
            for namespace in (EXTERNAL_SECRETS.namespace, "monitoring", "eval-platform"):
                assert not policies.from_pods_of(pod, namespace, port)


@ENVIRONMENTS
def test_only_the_operator_itself_leaves_the_cluster(
    name: str, policies: Policies[str], subnets: dict[str, list[str]]
) -> None:
    for pod in PARTS[1:]:
        assert policies.to_service(pod, API, 443)
        assert policies.to_address(pod, subnets["private"][0], 443)
        assert not policies.to_address(pod, INTERNET, 443)
        assert not policies.to_address(pod, POD_IDENTITY_AGENT, 80)


@ENVIRONMENTS
def test_argo_cd_denies_after_it_has_allowed(name: str, manifests: Manifests) -> None:
    """On a cluster where the operator already runs, it must not lose its connections meanwhile."""
    waves = {
        policy["metadata"]["name"]: int(
            policy["metadata"].get("annotations", {}).get("argocd.argoproj.io/sync-wave", 0)
        )
        for policy in all_of(manifests[name][App.FOUNDATION], "NetworkPolicy")
    }
    assert waves == {"default-deny": 1, "dns": 0} | dict.fromkeys(PARTS, 0)
