"""Tags of EKS resources."""

import pytest
from botocore.exceptions import ClientError

from tests.evalctl.rehearsal.moto_extras.conftest import ROLE, Client


def test_an_add_on_is_tagged_and_untagged_by_its_arn(client: Client, cluster: str) -> None:
    eks = client("eks")
    arn = eks.create_addon(clusterName=cluster, addonName="coredns")["addon"]["addonArn"]
    eks.tag_resource(resourceArn=arn, tags={"a": "1", "b": "2", "c": "3"})
    eks.untag_resource(resourceArn=arn, tagKeys=["a", "b"])
    assert eks.list_tags_for_resource(resourceArn=arn)["tags"] == {"c": "3"}


def test_tags_of_an_unknown_arn_are_refused(client: Client, cluster: str) -> None:
    eks = client("eks")
    arn = eks.describe_cluster(name=cluster)["cluster"]["arn"]
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        eks.list_tags_for_resource(resourceArn=f"{arn}-gone")


def test_resources_are_found_by_their_tags(client: Client, cluster: str) -> None:
    eks = client("eks")
    eks.create_pod_identity_association(
        clusterName=cluster,
        namespace="default",
        serviceAccount="app",
        roleArn=ROLE,
        tags={"Platform": "demo"},
    )
    found = client("resourcegroupstaggingapi").get_resources(
        TagFilters=[{"Key": "Platform", "Values": ["demo"]}]
    )["ResourceTagMappingList"]
    assert [":podidentityassociation/" in each["ResourceARN"] for each in found] == [True]
