"""ElastiCache parameter groups and subnet groups."""

import pytest
from botocore.exceptions import ClientError

from tests.evalctl.rehearsal.moto_extras.conftest import Client

NOEVICTION = {"ParameterName": "maxmemory-policy", "ParameterValue": "noeviction"}


@pytest.fixture
def parameters(client: Client) -> str:
    client("elasticache").create_cache_parameter_group(
        CacheParameterGroupName="queue",
        CacheParameterGroupFamily="valkey8",
        Description="no eviction of jobs",
        Tags=[{"Key": "Owner", "Value": "platform"}],
    )
    return "queue"


@pytest.fixture
def subnets(client: Client, subnet_ids: list[str]) -> str:
    client("elasticache").create_cache_subnet_group(
        CacheSubnetGroupName="data",
        CacheSubnetGroupDescription="no way out",
        SubnetIds=subnet_ids,
    )
    return "data"


def test_a_parameter_group_reads_back_what_it_was_created_with(
    client: Client, parameters: str
) -> None:
    elasticache = client("elasticache")
    found = elasticache.describe_cache_parameter_groups(CacheParameterGroupName=parameters)
    group = found["CacheParameterGroups"][0]
    assert group["CacheParameterGroupFamily"] == "valkey8"
    assert group["Description"] == "no eviction of jobs"
    tags = elasticache.list_tags_for_resource(ResourceName=group["ARN"])["TagList"]
    assert tags == [{"Key": "Owner", "Value": "platform"}]


def test_parameters_are_set_and_reset(client: Client, parameters: str) -> None:
    elasticache = client("elasticache")
    named = {"CacheParameterGroupName": parameters}
    elasticache.modify_cache_parameter_group(**named, ParameterNameValues=[NOEVICTION])
    found = elasticache.describe_cache_parameters(**named, Source="user")["Parameters"]
    assert [(each["ParameterName"], each["ParameterValue"]) for each in found] == [
        ("maxmemory-policy", "noeviction")
    ]
    elasticache.reset_cache_parameter_group(**named, ParameterNameValues=[NOEVICTION])
    assert elasticache.describe_cache_parameters(**named, Source="user")["Parameters"] == []


def test_a_family_that_does_not_exist_is_refused(client: Client) -> None:
    with pytest.raises(ClientError, match="InvalidParameterValue"):
        client("elasticache").create_cache_parameter_group(
            CacheParameterGroupName="queue", CacheParameterGroupFamily="valkey", Description="-"
        )


def test_a_parameter_group_in_use_cannot_be_deleted(client: Client, parameters: str) -> None:
    elasticache = client("elasticache")
    elasticache.create_replication_group(
        ReplicationGroupId="queue",
        ReplicationGroupDescription="jobs",
        Engine="valkey",
        CacheParameterGroupName=parameters,
    )
    with pytest.raises(ClientError, match="InvalidCacheParameterGroupState"):
        elasticache.delete_cache_parameter_group(CacheParameterGroupName=parameters)
    elasticache.delete_replication_group(ReplicationGroupId="queue")
    elasticache.delete_cache_parameter_group(CacheParameterGroupName=parameters)
    with pytest.raises(ClientError, match="CacheParameterGroupNotFound"):
        elasticache.describe_cache_parameter_groups(CacheParameterGroupName=parameters)


def test_the_subnets_of_a_subnet_group_can_change(
    client: Client, subnets: str, subnet_ids: list[str]
) -> None:
    elasticache = client("elasticache")
    elasticache.modify_cache_subnet_group(CacheSubnetGroupName=subnets, SubnetIds=subnet_ids[:1])
    found = elasticache.describe_cache_subnet_groups(CacheSubnetGroupName=subnets)
    group = found["CacheSubnetGroups"][0]
    assert [each["SubnetIdentifier"] for each in group["Subnets"]] == subnet_ids[:1]
    assert group["CacheSubnetGroupDescription"] == "no way out"


def test_a_deleted_subnet_group_is_not_found(client: Client, subnets: str) -> None:
    elasticache = client("elasticache")
    elasticache.delete_cache_subnet_group(CacheSubnetGroupName=subnets)
    with pytest.raises(ClientError, match="CacheSubnetGroupNotFoundFault"):
        elasticache.describe_cache_subnet_groups(CacheSubnetGroupName=subnets)


def test_a_subnet_group_in_use_cannot_be_deleted(client: Client, subnets: str) -> None:
    elasticache = client("elasticache")
    elasticache.create_replication_group(
        ReplicationGroupId="queue",
        ReplicationGroupDescription="jobs",
        CacheSubnetGroupName=subnets,
    )
    with pytest.raises(ClientError, match="CacheSubnetGroupInUse"):
        elasticache.delete_cache_subnet_group(CacheSubnetGroupName=subnets)
