"""EKS clusters: settings, security group and updates."""

import pytest
from botocore.exceptions import ClientError

from tests.evalctl.rehearsal.moto_extras.conftest import CLUSTER, ROLE, Client

KEY = "arn:aws:kms:eu-central-1:123456789012:key/1"


def test_a_cluster_reads_back_what_it_was_created_with(
    client: Client, subnet_ids: list[str]
) -> None:
    eks = client("eks")
    encryption = [{"provider": {"keyArn": KEY}, "resources": ["secrets"]}]
    eks.create_cluster(
        name=CLUSTER,
        roleArn=ROLE,
        version="1.35",
        resourcesVpcConfig={"subnetIds": subnet_ids, "endpointPrivateAccess": True},
        accessConfig={"authenticationMode": "API"},
        upgradePolicy={"supportType": "STANDARD"},
        encryptionConfig=encryption,
        kubernetesNetworkConfig={"serviceIpv4Cidr": "10.100.0.0/16"},
        logging={"clusterLogging": [{"types": ["audit"], "enabled": True}]},
    )
    cluster = eks.describe_cluster(name=CLUSTER)["cluster"]
    assert cluster["accessConfig"]["authenticationMode"] == "API"
    assert cluster["upgradePolicy"] == {"supportType": "STANDARD"}
    assert cluster["encryptionConfig"] == encryption
    assert cluster["kubernetesNetworkConfig"]["serviceIpv4Cidr"] == "10.100.0.0/16"
    assert cluster["logging"]["clusterLogging"][0] == {"types": ["audit"], "enabled": True}
    assert cluster["resourcesVpcConfig"]["endpointPrivateAccess"] is True


def test_settings_that_were_not_requested_have_the_defaults_of_aws(
    client: Client, subnet_ids: list[str]
) -> None:
    eks = client("eks")
    eks.create_cluster(name=CLUSTER, roleArn=ROLE, resourcesVpcConfig={"subnetIds": subnet_ids})
    cluster = eks.describe_cluster(name=CLUSTER)["cluster"]
    assert cluster["accessConfig"]["authenticationMode"] == "CONFIG_MAP"
    assert cluster["upgradePolicy"] == {"supportType": "EXTENDED"}
    assert cluster["kubernetesNetworkConfig"]["ipFamily"] == "ipv4"
    assert cluster["resourcesVpcConfig"]["endpointPublicAccess"] is True
    assert cluster["resourcesVpcConfig"]["publicAccessCidrs"] == ["0.0.0.0/0"]


def test_the_clusters_security_group_is_in_its_vpc_and_is_deleted_with_the_cluster(
    client: Client, cluster: str, vpc_id: str
) -> None:
    eks, ec2 = client("eks"), client("ec2")
    placed = eks.describe_cluster(name=cluster)["cluster"]["resourcesVpcConfig"]
    assert placed["vpcId"] == vpc_id
    group_id = placed["clusterSecurityGroupId"]
    groups = ec2.describe_security_groups(GroupIds=[group_id])["SecurityGroups"]
    assert groups[0]["VpcId"] == vpc_id
    eks.delete_cluster(name=cluster)
    with pytest.raises(ClientError, match=r"InvalidGroup\.NotFound"):
        ec2.describe_security_groups(GroupIds=[group_id])


def test_an_update_changes_only_its_settings_and_can_be_described(
    client: Client, cluster: str
) -> None:
    eks = client("eks")
    update = eks.update_cluster_config(
        name=cluster, resourcesVpcConfig={"endpointPublicAccess": False}
    )["update"]
    assert eks.describe_update(name=cluster, updateId=update["id"])["update"]["status"] == (
        "Successful"
    )
    assert eks.list_updates(name=cluster)["updateIds"] == [update["id"]]
    placed = eks.describe_cluster(name=cluster)["cluster"]["resourcesVpcConfig"]
    assert placed["endpointPublicAccess"] is False
    assert len(placed["subnetIds"]) == 2


def test_log_types_are_enabled_and_disabled_one_by_one(client: Client, cluster: str) -> None:
    eks = client("eks")
    for types, enabled in ((["api", "audit"], True), (["api"], False)):
        eks.update_cluster_config(
            name=cluster, logging={"clusterLogging": [{"types": types, "enabled": enabled}]}
        )
    setups = eks.describe_cluster(name=cluster)["cluster"]["logging"]["clusterLogging"]
    assert [setup["types"] for setup in setups if setup["enabled"]] == [["audit"]]


def test_access_and_upgrade_policy_can_change(client: Client, cluster: str) -> None:
    eks = client("eks")
    eks.update_cluster_config(
        name=cluster, accessConfig={"authenticationMode": "API_AND_CONFIG_MAP"}
    )
    eks.update_cluster_config(name=cluster, upgradePolicy={"supportType": "STANDARD"})
    changed = eks.describe_cluster(name=cluster)["cluster"]
    assert changed["accessConfig"]["authenticationMode"] == "API_AND_CONFIG_MAP"
    assert changed["upgradePolicy"]["supportType"] == "STANDARD"


def test_kubernetes_is_upgraded_one_minor_version_at_a_time(client: Client, cluster: str) -> None:
    eks = client("eks")
    with pytest.raises(ClientError, match="Unsupported Kubernetes minor version"):
        eks.update_cluster_version(name=cluster, version="1.37")
    eks.update_cluster_version(name=cluster, version="1.36")
    assert eks.describe_cluster(name=cluster)["cluster"]["version"] == "1.36"
