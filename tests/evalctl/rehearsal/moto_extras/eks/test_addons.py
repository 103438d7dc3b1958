"""EKS add-ons."""

import pytest
from botocore.exceptions import ClientError

from tests.evalctl.rehearsal.moto_extras.conftest import CLUSTER, Client


@pytest.fixture(autouse=True)
def vpc_cni(client: Client, cluster: str) -> None:
    client("eks").create_addon(
        clusterName=cluster,
        addonName="vpc-cni",
        addonVersion="v1.20.0-eksbuild.1",
        configurationValues='{"enableNetworkPolicy": "true"}',
        tags={"Owner": "platform"},
    )


def test_an_add_on_reads_back_what_it_was_created_with(client: Client) -> None:
    addon = client("eks").describe_addon(clusterName=CLUSTER, addonName="vpc-cni")["addon"]
    assert addon["status"] == "ACTIVE"
    assert addon["addonVersion"] == "v1.20.0-eksbuild.1"
    assert addon["configurationValues"] == '{"enableNetworkPolicy": "true"}'
    assert addon["tags"] == {"Owner": "platform"}
    assert ":addon/demo/vpc-cni/" in addon["addonArn"]


def test_a_new_version_is_an_update_that_can_be_described(client: Client) -> None:
    eks = client("eks")
    update = eks.update_addon(
        clusterName=CLUSTER, addonName="vpc-cni", addonVersion="v1.21.0-eksbuild.1"
    )["update"]
    found = eks.describe_update(name=CLUSTER, addonName="vpc-cni", updateId=update["id"])
    assert found["update"]["type"] == "AddonUpdate"
    addon = eks.describe_addon(clusterName=CLUSTER, addonName="vpc-cni")["addon"]
    assert addon["addonVersion"] == "v1.21.0-eksbuild.1"
    assert addon["configurationValues"], "unchanged"


def test_a_deleted_add_on_is_not_found(client: Client) -> None:
    eks = client("eks")
    deleted = eks.delete_addon(clusterName=CLUSTER, addonName="vpc-cni")["addon"]
    assert deleted["status"] == "DELETING"
    assert eks.list_addons(clusterName=CLUSTER)["addons"] == []
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        eks.describe_addon(clusterName=CLUSTER, addonName="vpc-cni")


def test_an_add_on_cannot_be_installed_twice(client: Client) -> None:
    with pytest.raises(ClientError, match="ResourceInUseException"):
        client("eks").create_addon(clusterName=CLUSTER, addonName="vpc-cni")


def test_a_misspelt_add_on_is_refused(client: Client) -> None:
    with pytest.raises(ClientError, match="InvalidParameterException"):
        client("eks").create_addon(clusterName=CLUSTER, addonName="vpc_cni")


def test_add_ons_are_listed_with_a_version(client: Client) -> None:
    found = client("eks").describe_addon_versions(addonName="coredns", kubernetesVersion="1.35")
    assert [addon["addonName"] for addon in found["addons"]] == ["coredns"]
    version = found["addons"][0]["addonVersions"][0]
    assert version["compatibilities"][0]["clusterVersion"] == "1.35"


def test_add_ons_are_deleted_with_their_cluster(client: Client, subnet_ids: list[str]) -> None:
    eks = client("eks")
    eks.delete_cluster(name=CLUSTER)
    with pytest.raises(ClientError, match="No cluster found"):
        eks.list_addons(clusterName=CLUSTER)
