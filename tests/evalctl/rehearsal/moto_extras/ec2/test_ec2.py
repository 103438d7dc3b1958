"""EC2: launch templates, monitoring, network interfaces, NAT gateways and security group rules."""

import pytest
from botocore.exceptions import ClientError

from tests.evalctl.rehearsal.moto_extras.conftest import Client

IMAGE = "ami-12c6146b"


def tags(kind: str, value: str) -> dict[str, object]:
    return {"ResourceType": kind, "Tags": [{"Key": "Name", "Value": value}]}


def test_a_templates_own_tags_are_separate_from_those_of_its_instances(client: Client) -> None:
    ec2 = client("ec2")
    ec2.create_launch_template(
        LaunchTemplateName="nodes",
        LaunchTemplateData={"TagSpecifications": [tags("instance", "node")]},
        TagSpecifications=[tags("launch-template", "template")],
    )
    version = ec2.describe_launch_template_versions(LaunchTemplateName="nodes")
    data = version["LaunchTemplateVersions"][0]["LaunchTemplateData"]
    assert data["TagSpecifications"] == [tags("instance", "node")]
    template = ec2.describe_launch_templates(LaunchTemplateNames=["nodes"])["LaunchTemplates"][0]
    assert template["Tags"] == [{"Key": "Name", "Value": "template"}]


def test_a_rule_that_refers_to_a_group_or_prefix_list_keeps_its_description(
    client: Client, vpc_id: str
) -> None:
    ec2 = client("ec2")
    group_id = ec2.create_security_group(GroupName="db", Description="-", VpcId=vpc_id)["GroupId"]
    lists = ec2.describe_managed_prefix_lists()["PrefixLists"]
    port = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432}
    pair = {"GroupId": group_id, "Description": "from the cluster"}
    ec2.authorize_security_group_ingress(
        GroupId=group_id, IpPermissions=[port | {"UserIdGroupPairs": [pair]}]
    )
    to_list = {"PrefixListId": lists[0]["PrefixListId"], "Description": "to the service"}
    ec2.authorize_security_group_egress(
        GroupId=group_id, IpPermissions=[port | {"PrefixListIds": [to_list]}]
    )
    rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group_id]}])
    described = {rule.get("Description") for rule in rules["SecurityGroupRules"]}
    assert described >= {"from the cluster", "to the service"}


def test_monitoring_can_be_enabled_and_disabled(client: Client, subnet_ids: list[str]) -> None:
    ec2 = client("ec2")
    launched = ec2.run_instances(ImageId=IMAGE, MinCount=1, MaxCount=1, SubnetId=subnet_ids[0])[
        "Instances"
    ][0]
    ids = [launched["InstanceId"]]
    ec2.monitor_instances(InstanceIds=ids)
    found = ec2.describe_instances(InstanceIds=ids)["Reservations"][0]["Instances"][0]
    assert found["Monitoring"]["State"] == "enabled"
    off = ec2.unmonitor_instances(InstanceIds=ids)["InstanceMonitorings"]
    assert [each["Monitoring"]["State"] for each in off] == ["disabled"]


def test_an_existing_interface_survives_its_instance_and_can_be_deleted(
    client: Client, subnet_ids: list[str]
) -> None:
    ec2 = client("ec2")
    interface = ec2.create_network_interface(SubnetId=subnet_ids[0])["NetworkInterface"]
    interface_id = interface["NetworkInterfaceId"]
    launched = ec2.run_instances(
        ImageId=IMAGE,
        MinCount=1,
        MaxCount=1,
        NetworkInterfaces=[{"DeviceIndex": 0, "NetworkInterfaceId": interface_id}],
    )["Instances"][0]
    ec2.terminate_instances(InstanceIds=[launched["InstanceId"]])
    remaining = ec2.describe_network_interfaces()["NetworkInterfaces"]
    assert [(each["NetworkInterfaceId"], each["Status"]) for each in remaining] == [
        (interface_id, "available")
    ]
    ended = ec2.describe_instances(InstanceIds=[launched["InstanceId"]])["Reservations"][0]
    assert ended["Instances"][0]["State"]["Name"] == "terminated"
    ec2.delete_network_interface(NetworkInterfaceId=interface_id)


def test_an_interface_that_a_launch_created_is_deleted_with_its_instance(
    client: Client, subnet_ids: list[str]
) -> None:
    ec2 = client("ec2")
    launched = ec2.run_instances(ImageId=IMAGE, MinCount=1, MaxCount=1, SubnetId=subnet_ids[0])[
        "Instances"
    ][0]
    ec2.terminate_instances(InstanceIds=[launched["InstanceId"]])
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []


def test_a_nat_gateways_interface_is_deleted_with_the_gateway(
    client: Client, vpc_id: str, subnet_ids: list[str]
) -> None:
    ec2 = client("ec2")
    internet = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=internet, VpcId=vpc_id)
    address = ec2.allocate_address(Domain="vpc")
    gateway = ec2.create_nat_gateway(SubnetId=subnet_ids[0], AllocationId=address["AllocationId"])[
        "NatGateway"
    ]
    assert len(ec2.describe_network_interfaces()["NetworkInterfaces"]) == 1
    ec2.delete_nat_gateway(NatGatewayId=gateway["NatGatewayId"])
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []


def test_a_vpc_without_an_internet_gateway_gets_no_nat_gateway(
    client: Client, subnet_ids: list[str]
) -> None:
    ec2 = client("ec2")
    elsewhere = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    internet = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=internet, VpcId=elsewhere)
    address = ec2.allocate_address(Domain="vpc")
    with pytest.raises(ClientError, match=r"Gateway.NotAttached.*no Internet gateway attached"):
        ec2.create_nat_gateway(SubnetId=subnet_ids[0], AllocationId=address["AllocationId"])


def test_a_repeated_request_gets_the_first_answer(client: Client, vpc_id: str) -> None:
    ec2 = client("ec2")

    def flow_log(token: str) -> list[str]:
        created: list[str] = ec2.create_flow_logs(
            ClientToken=token,
            ResourceIds=[vpc_id],
            ResourceType="VPC",
            TrafficType="ALL",
            LogDestinationType="s3",
            LogDestination="arn:aws:s3:::flow-logs",
        )["FlowLogIds"]
        return created

    location = {"LocationConstraint": ec2.meta.region_name}
    client("s3").create_bucket(Bucket="flow-logs", CreateBucketConfiguration=location)
    first = flow_log("one")
    assert flow_log("one") == first
    with pytest.raises(ClientError, match="FlowLogAlreadyExists"):
        flow_log("two")
