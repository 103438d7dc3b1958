"""EKS access entries and access policies."""

from unittest.mock import Mock
from urllib.parse import quote

import pytest
from botocore.exceptions import ClientError

from evalctl.rehearsal.moto_extras.eks.access_responses import AccessResponse
from tests.evalctl.rehearsal.moto_extras.conftest import CLUSTER, REGION, ROLE, Client

ADMIN = "arn:aws:iam::123456789012:role/team/PlatformAdmin"
POLICY = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"


@pytest.fixture
def entry(client: Client, cluster: str) -> None:
    client("eks").create_access_entry(
        clusterName=cluster, principalArn=ADMIN, type="STANDARD", tags={"Owner": "platform"}
    )


@pytest.mark.usefixtures("entry")
def test_an_access_entry_is_found_by_an_arn_with_slashes(client: Client) -> None:
    eks = client("eks")
    entry = eks.describe_access_entry(clusterName=CLUSTER, principalArn=ADMIN)["accessEntry"]
    assert entry["type"] == "STANDARD"
    assert entry["tags"] == {"Owner": "platform"}
    assert entry["username"] == (
        "arn:aws:sts::123456789012:assumed-role/PlatformAdmin/{{SessionName}}"
    )
    assert eks.list_access_entries(clusterName=CLUSTER)["accessEntries"] == [ADMIN]


@pytest.mark.usefixtures("entry")
def test_the_groups_of_an_access_entry_can_change(client: Client) -> None:
    entry = client("eks").update_access_entry(
        clusterName=CLUSTER, principalArn=ADMIN, kubernetesGroups=["viewers"]
    )["accessEntry"]
    assert entry["kubernetesGroups"] == ["viewers"]


@pytest.mark.usefixtures("entry")
def test_a_principal_has_one_access_entry(client: Client) -> None:
    with pytest.raises(ClientError, match="ResourceInUseException"):
        client("eks").create_access_entry(clusterName=CLUSTER, principalArn=ADMIN)


@pytest.mark.usefixtures("entry")
def test_a_policy_is_associated_and_disassociated(client: Client) -> None:
    eks = client("eks")
    named = {"clusterName": CLUSTER, "principalArn": ADMIN}
    eks.associate_access_policy(**named, policyArn=POLICY, accessScope={"type": "cluster"})
    found = eks.list_associated_access_policies(**named)["associatedAccessPolicies"]
    assert [(each["policyArn"], each["accessScope"]["type"]) for each in found] == [
        (POLICY, "cluster")
    ]
    entries = eks.list_access_entries(clusterName=CLUSTER, associatedPolicyArn=POLICY)
    assert entries["accessEntries"] == [ADMIN]
    eks.disassociate_access_policy(**named, policyArn=POLICY)
    assert eks.list_associated_access_policies(**named)["associatedAccessPolicies"] == []


@pytest.mark.usefixtures("entry")
def test_a_policy_that_does_not_exist_is_refused(client: Client) -> None:
    with pytest.raises(ClientError, match="InvalidParameterException"):
        client("eks").associate_access_policy(
            clusterName=CLUSTER,
            principalArn=ADMIN,
            policyArn=f"{POLICY}s",
            accessScope={"type": "cluster"},
        )


@pytest.mark.usefixtures("entry")
def test_a_deleted_access_entry_is_not_found(client: Client) -> None:
    eks = client("eks")
    eks.delete_access_entry(clusterName=CLUSTER, principalArn=ADMIN)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        eks.describe_access_entry(clusterName=CLUSTER, principalArn=ADMIN)


def test_the_region_is_not_read_from_a_roles_path() -> None:
    """The path of an IAM Identity Center role contains a region and an AWS host name."""
    role = (
        "aws-reserved/sso.amazonaws.com/eu-central-1/AWSReservedSSO_PlatformAdmin_0123456789abcdef"
    )
    arn = quote(f"arn:aws:iam::123456789012:role/{role}", safe=":")
    signed = {
        "Authorization": f"AWS4-HMAC-SHA256 Credential=key/20261122/{REGION}/eks/aws4_request"
    }
    region = AccessResponse().get_region_from_url(
        Mock(headers=signed), f"http://127.0.0.1:5000/clusters/demo/access-entries/{arn}"
    )
    assert region == REGION


def test_a_cluster_with_config_map_authentication_refuses_access_entries(
    client: Client, subnet_ids: list[str]
) -> None:
    eks = client("eks")
    eks.create_cluster(name="old", roleArn=ROLE, resourcesVpcConfig={"subnetIds": subnet_ids})
    with pytest.raises(ClientError, match="authentication mode"):
        eks.create_access_entry(clusterName="old", principalArn=ADMIN)


def test_access_policies_are_listed(client: Client) -> None:
    listed = client("eks").list_access_policies()["accessPolicies"]
    assert POLICY in [policy["arn"] for policy in listed]
