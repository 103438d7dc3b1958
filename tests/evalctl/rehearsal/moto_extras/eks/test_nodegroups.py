"""EKS node groups: settings, Auto Scaling groups and updates."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.evalctl.rehearsal.moto_extras.conftest import ROLE, Client

SIZES = {"minSize": 1, "desiredSize": 2, "maxSize": 4}


@pytest.fixture
def template_id(client: Client) -> str:
    template = client("ec2").create_launch_template(
        LaunchTemplateName="nodes", LaunchTemplateData={"Monitoring": {"Enabled": True}}
    )
    return str(template["LaunchTemplate"]["LaunchTemplateId"])


@pytest.fixture
def group(client: Client, cluster: str, subnet_ids: list[str], template_id: str) -> dict[str, Any]:
    eks = client("eks")
    eks.create_nodegroup(
        clusterName=cluster,
        nodegroupName="workers",
        nodeRole=ROLE,
        subnets=subnet_ids,
        scalingConfig=SIZES,
        instanceTypes=["c5.xlarge"],
        amiType="AL2023_x86_64_STANDARD",
        capacityType="SPOT",
        launchTemplate={"id": template_id, "version": "1"},
        updateConfig={"maxUnavailable": 1},
        taints=[{"key": "pool", "value": "workers", "effect": "NO_SCHEDULE"}],
        labels={"pool": "workers"},
    )
    found = eks.describe_nodegroup(clusterName=cluster, nodegroupName="workers")["nodegroup"]
    assert isinstance(found, dict)
    return found


def test_a_node_group_reads_back_what_it_was_created_with(
    group: dict[str, Any], template_id: str
) -> None:
    assert group["launchTemplate"] == {"id": template_id, "name": "nodes", "version": "1"}
    assert group["updateConfig"] == {"maxUnavailable": 1}
    assert group["taints"] == [{"key": "pool", "value": "workers", "effect": "NO_SCHEDULE"}]
    assert group["version"] == "1.35", "the cluster's"


def test_a_node_group_has_no_settings_that_were_not_requested(group: dict[str, Any]) -> None:
    assert "diskSize" not in group
    assert "remoteAccess" not in group
    assert "remoteAccessSecurityGroup" not in group["resources"]


def test_its_scaling_group_has_its_sizes_and_nodes(client: Client, group: dict[str, Any]) -> None:
    name = group["resources"]["autoScalingGroups"][0]["name"]
    found = client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[name])
    scaling_group = found["AutoScalingGroups"][0]
    assert scaling_group["MinSize"] == 1
    assert scaling_group["MaxSize"] == 4
    assert [instance["InstanceType"] for instance in scaling_group["Instances"]] == [
        "c5.xlarge",
        "c5.xlarge",
    ]
    tags = {tag["Key"]: tag["Value"] for tag in scaling_group["Tags"]}
    assert tags["eks:nodegroup-name"] == "workers"


def test_its_scaling_group_accepts_tags(client: Client, group: dict[str, Any]) -> None:
    name = group["resources"]["autoScalingGroups"][0]["name"]
    tag = {
        "ResourceId": name,
        "ResourceType": "auto-scaling-group",
        "Key": "k8s.io/cluster-autoscaler/node-template/label/pool",
        "Value": "workers",
        "PropagateAtLaunch": False,
    }
    autoscaling = client("autoscaling")
    autoscaling.create_or_update_tags(Tags=[tag])
    found = autoscaling.describe_tags(
        Filters=[
            {"Name": "auto-scaling-group", "Values": [name]},
            {"Name": "key", "Values": [tag["Key"]]},
        ]
    )["Tags"]
    assert [(each["Value"], each["PropagateAtLaunch"]) for each in found] == [("workers", False)]


def test_new_sizes_reach_the_scaling_group(
    client: Client, cluster: str, group: dict[str, Any]
) -> None:
    eks = client("eks")
    update = eks.update_nodegroup_config(
        clusterName=cluster,
        nodegroupName="workers",
        scalingConfig={"minSize": 3, "desiredSize": 3, "maxSize": 9},
    )["update"]
    described = eks.describe_update(name=cluster, nodegroupName="workers", updateId=update["id"])[
        "update"
    ]
    assert described["status"] == "Successful"
    name = group["resources"]["autoScalingGroups"][0]["name"]
    found = client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[name])
    assert found["AutoScalingGroups"][0]["MaxSize"] == 9
    assert len(found["AutoScalingGroups"][0]["Instances"]) == 3


@pytest.mark.usefixtures("group")
def test_one_size_can_change_alone_and_a_minimum_above_the_desired_size_is_refused(
    client: Client, cluster: str
) -> None:
    eks = client("eks")
    workers = {"clusterName": cluster, "nodegroupName": "workers"}
    with pytest.raises(
        ClientError, match="Minimum capacity 3 can't be greater than desired size 2"
    ):
        eks.update_nodegroup_config(**workers, scalingConfig={"minSize": 3})
    eks.update_nodegroup_config(**workers, scalingConfig={"desiredSize": 3})
    eks.update_nodegroup_config(**workers, scalingConfig={"minSize": 3})
    found = eks.describe_nodegroup(**workers)["nodegroup"]["scalingConfig"]
    assert found == {"minSize": 3, "desiredSize": 3, "maxSize": 4}


@pytest.mark.usefixtures("group")
def test_nodes_are_upgraded_after_their_cluster_only(
    client: Client, cluster: str, template_id: str
) -> None:
    eks = client("eks")
    newer = {"clusterName": cluster, "nodegroupName": "workers", "version": "1.36"}
    with pytest.raises(ClientError, match="newer than the cluster"):
        eks.update_nodegroup_version(**newer)
    eks.update_cluster_version(name=cluster, version="1.36")
    eks.update_nodegroup_version(**newer, launchTemplate={"id": template_id, "version": "2"})
    found = eks.describe_nodegroup(clusterName=cluster, nodegroupName="workers")["nodegroup"]
    assert found["version"] == "1.36"
    assert found["launchTemplate"]["version"] == "2"


def test_a_node_group_keeps_the_release_that_it_was_given_until_another_is_requested(
    client: Client, cluster: str, subnet_ids: list[str]
) -> None:
    eks = client("eks")
    workers = {"clusterName": cluster, "nodegroupName": "pinned"}

    def running() -> str:
        return str(eks.describe_nodegroup(**workers)["nodegroup"]["releaseVersion"])

    first, second = "1.35.8-20260923", "1.35.8-20260930"
    eks.create_nodegroup(**workers, nodeRole=ROLE, subnets=subnet_ids, releaseVersion=first)
    assert running() == first
    eks.update_nodegroup_config(**workers, scalingConfig={"maxSize": 3})
    assert running() == first
    eks.update_nodegroup_version(**workers, releaseVersion=second)
    assert running() == second
    eks.update_nodegroup_version(**workers)
    assert running() not in {first, second}, "AWS then chooses the newest"


@pytest.mark.usefixtures("group")
def test_a_release_of_another_minor_than_the_groups_is_refused(
    client: Client, cluster: str
) -> None:
    with pytest.raises(ClientError, match="not valid for kubernetes version 1"):
        client("eks").update_nodegroup_version(
            clusterName=cluster, nodegroupName="workers", releaseVersion="1.36.4-20260930"
        )


@pytest.mark.usefixtures("group")
def test_a_deleted_node_group_leaves_no_resources(client: Client, cluster: str) -> None:
    ec2 = client("ec2")
    client("eks").delete_nodegroup(clusterName=cluster, nodegroupName="workers")
    assert client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"] == []
    running = ec2.describe_instances(
        Filters=[{"Name": "instance-state-name", "Values": ["pending", "running"]}]
    )
    assert running["Reservations"] == []
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []
    names = [
        each["LaunchTemplateName"] for each in ec2.describe_launch_templates()["LaunchTemplates"]
    ]
    assert names == ["nodes"], "only the user's template remains, not EKS' copy"


def test_a_group_without_a_template_has_a_disk_of_20_gib(
    client: Client, cluster: str, subnet_ids: list[str]
) -> None:
    group = client("eks").create_nodegroup(
        clusterName=cluster, nodegroupName="plain", nodeRole=ROLE, subnets=subnet_ids
    )["nodegroup"]
    assert group["diskSize"] == 20
