"""ElastiCache replication groups and their members."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.evalctl.rehearsal.moto_extras.conftest import REGION, Client


def log(kind: str, *, enabled: bool = True) -> dict[str, Any]:
    return {
        "LogType": kind,
        "DestinationType": "cloudwatch-logs",
        "DestinationDetails": {"CloudWatchLogsDetails": {"LogGroup": f"/redis/{kind}"}},
        "LogFormat": "json",
        "Enabled": enabled,
    }


@pytest.fixture
def group_id(client: Client, subnet_ids: list[str]) -> str:
    elasticache = client("elasticache")
    elasticache.create_cache_subnet_group(
        CacheSubnetGroupName="data", CacheSubnetGroupDescription="-", SubnetIds=subnet_ids
    )
    elasticache.create_replication_group(
        ReplicationGroupId="queue",
        ReplicationGroupDescription="jobs",
        Engine="valkey",
        EngineVersion="8.1",
        CacheNodeType="cache.m7g.large",
        NumCacheClusters=3,
        AutomaticFailoverEnabled=True,
        MultiAZEnabled=True,
        CacheSubnetGroupName="data",
        SecurityGroupIds=["sg-1"],
        PreferredMaintenanceWindow="sun:04:30-sun:05:30",
        SnapshotRetentionLimit=7,
        SnapshotWindow="02:00-03:00",
        TransitEncryptionEnabled=True,
        LogDeliveryConfigurations=[log("slow-log"), log("engine-log")],
        Tags=[{"Key": "Owner", "Value": "platform"}],
    )
    return "queue"


def described(client: Client, group_id: str) -> dict[str, Any]:
    found = client("elasticache").describe_replication_groups(ReplicationGroupId=group_id)
    group = found["ReplicationGroups"][0]
    assert isinstance(group, dict)
    return group


def member(client: Client, number: int = 1) -> dict[str, Any]:
    found = client("elasticache").describe_cache_clusters(
        CacheClusterId=f"queue-00{number}", ShowCacheNodeInfo=True
    )
    cluster = found["CacheClusters"][0]
    assert isinstance(cluster, dict)
    return cluster


def test_a_group_has_the_requested_number_of_members_spread_over_zones(
    client: Client, group_id: str
) -> None:
    group = described(client, group_id)
    assert group["MemberClusters"] == ["queue-001", "queue-002", "queue-003"]
    nodes = group["NodeGroups"][0]["NodeGroupMembers"]
    assert [node["CurrentRole"] for node in nodes] == ["primary", "replica", "replica"]
    zones = {node["PreferredAvailabilityZone"] for node in nodes}
    assert zones == {f"{REGION}a", f"{REGION}b"}


def test_a_group_reads_back_what_it_was_created_with(client: Client, group_id: str) -> None:
    group = described(client, group_id)
    assert group["MultiAZ"] == group["AutomaticFailover"] == "enabled"
    assert group["TransitEncryptionMode"] == "required"
    assert group["SnapshotRetentionLimit"] == 7
    assert {each["LogType"] for each in group["LogDeliveryConfigurations"]} == {
        "slow-log",
        "engine-log",
    }
    assert group["NodeGroups"][0]["ReaderEndpoint"]["Port"] == 6379


def test_its_members_have_the_settings_that_the_group_does_not_show(
    client: Client, group_id: str
) -> None:
    cluster = member(client)
    assert cluster["ReplicationGroupId"] == group_id
    assert cluster["EngineVersion"] == "8.1.0"
    assert cluster["CacheSubnetGroupName"] == "data"
    assert cluster["CacheParameterGroup"]["CacheParameterGroupName"] == "default.valkey8"
    assert [each["SecurityGroupId"] for each in cluster["SecurityGroups"]] == ["sg-1"]
    assert cluster["PreferredMaintenanceWindow"] == "sun:04:30-sun:05:30"
    assert cluster["CacheNodes"][0]["CacheNodeStatus"] == "available"


def test_a_change_reaches_the_members(client: Client, group_id: str) -> None:
    client("elasticache").modify_replication_group(
        ReplicationGroupId=group_id,
        ReplicationGroupDescription="all jobs",
        CacheNodeType="cache.m7g.xlarge",
        SecurityGroupIds=["sg-2"],
        SnapshotRetentionLimit=1,
        MultiAZEnabled=False,
        LogDeliveryConfigurations=[log("slow-log", enabled=False)],
    )
    group = described(client, group_id)
    assert group["Description"] == "all jobs"
    assert group["MultiAZ"] == "disabled"
    assert [each["LogType"] for each in group["LogDeliveryConfigurations"]] == ["engine-log"]
    cluster = member(client)
    assert cluster["CacheNodeType"] == "cache.m7g.xlarge"
    assert [each["SecurityGroupId"] for each in cluster["SecurityGroups"]] == ["sg-2"]


def test_replicas_can_be_added_and_removed(client: Client, group_id: str) -> None:
    elasticache = client("elasticache")
    named = {"ReplicationGroupId": group_id, "ApplyImmediately": True}
    elasticache.increase_replica_count(**named, NewReplicaCount=3)
    assert len(described(client, group_id)["MemberClusters"]) == 4
    assert member(client, 4)["CacheClusterStatus"] == "available"
    elasticache.decrease_replica_count(**named, NewReplicaCount=1)
    assert len(described(client, group_id)["MemberClusters"]) == 2
    with pytest.raises(ClientError, match="CacheClusterNotFound"):
        member(client, 4)


def test_a_group_is_deleted_with_its_members_and_leaves_its_final_snapshot(
    client: Client, group_id: str
) -> None:
    elasticache = client("elasticache")
    arn = described(client, group_id)["ARN"]
    elasticache.delete_replication_group(
        ReplicationGroupId=group_id, FinalSnapshotIdentifier="queue-final"
    )
    with pytest.raises(ClientError, match="ReplicationGroupNotFoundFault"):
        described(client, group_id)
    assert elasticache.describe_cache_clusters()["CacheClusters"] == []
    assert elasticache.list_tags_for_resource(ResourceName=arn)["TagList"] == []
    snapshots = elasticache.describe_snapshots(SnapshotName="queue-final")["Snapshots"]
    assert [snapshot["SnapshotStatus"] for snapshot in snapshots] == ["available"]


def test_a_final_snapshot_with_an_existing_name_stops_the_deletion(
    client: Client, group_id: str
) -> None:
    elasticache = client("elasticache")
    elasticache.create_snapshot(SnapshotName="queue-final", ReplicationGroupId=group_id)
    with pytest.raises(ClientError, match="SnapshotAlreadyExists"):
        elasticache.delete_replication_group(
            ReplicationGroupId=group_id, FinalSnapshotIdentifier="queue-final"
        )
    assert described(client, group_id)["Status"] == "available"


@pytest.mark.parametrize(
    ("reference", "error"),
    [
        ({"CacheSubnetGroupName": "gone"}, "CacheSubnetGroupNotFoundFault"),
        ({"CacheParameterGroupName": "gone"}, "CacheParameterGroupNotFound"),
        ({"UserGroupIds": ["gone"]}, "UserGroupNotFound"),
        ({"MultiAZEnabled": True}, "automatic failover"),
    ],
)
def test_a_group_with_an_invalid_reference_is_not_created(
    client: Client, reference: dict[str, Any], error: str
) -> None:
    elasticache = client("elasticache")
    with pytest.raises(ClientError, match=error):
        elasticache.create_replication_group(
            ReplicationGroupId="queue", ReplicationGroupDescription="jobs", **reference
        )
    assert elasticache.describe_replication_groups()["ReplicationGroups"] == []


def test_a_group_with_shards_lists_the_members_of_each(client: Client) -> None:
    elasticache = client("elasticache")
    elasticache.create_replication_group(
        ReplicationGroupId="queue",
        ReplicationGroupDescription="jobs",
        ClusterMode="enabled",
        NumNodeGroups=2,
        ReplicasPerNodeGroup=1,
    )
    clusters = elasticache.describe_cache_clusters()["CacheClusters"]
    assert [cluster["CacheClusterId"] for cluster in clusters] == [
        "queue-0001-001",
        "queue-0001-002",
        "queue-0002-001",
        "queue-0002-002",
    ]
