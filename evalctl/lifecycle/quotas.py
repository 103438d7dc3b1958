"""The AWS service quotas that an environment needs at its largest, and those that its account has."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from environments.capacity import most_nodes
from environments.catalog import INSTANCE_TYPES
from environments.names import Names
from environments.spec import CapacityType, Environment, NodeGroup
from evalctl.processes import Command, CommandFailedError, json_output
from stacks.parts.clickhouse_node.settings import ROOT_VOLUME_GIB


@dataclass(frozen=True, kw_only=True)
class Quota:
    """A quota by its codes in Service Quotas, which are the same in every region."""

    service: str
    code: str
    name: str
    new_account: int  # AWS' default; AWS raises some by itself as an account is used


@dataclass(frozen=True, kw_only=True)
class Need:
    """What an environment needs of a quota, and how it is counted where this is not obvious."""

    quota: Quota
    amount: int
    counted: str = ""


# Codes and defaults: `aws service-quotas get-aws-default-service-quota` (its example in the AWS CLI's
# reference for the first), lists of `list-aws-default-service-quotas` in public repositories, and each
# service's page in the AWS General Reference; read 2026-11-28.
ON_DEMAND_VCPUS = Quota(
    service="ec2", code="L-1216C47A", name="on-demand vCPUs, standard types", new_account=5
)
SPOT_VCPUS = Quota(
    service="ec2", code="L-34B43A08", name="spot vCPUs, standard types", new_account=5
)
ADDRESSES = Quota(service="ec2", code="L-0263D0A3", name="elastic IP addresses", new_account=5)
VPCS = Quota(service="vpc", code="L-F678F1CE", name="VPCs", new_account=5)
INTERNET_GATEWAYS = Quota(service="vpc", code="L-A4707A72", name="internet gateways", new_account=5)
NAT_GATEWAYS = Quota(service="vpc", code="L-FE5A380F", name="NAT gateways in a zone", new_account=5)
INTERFACE_ENDPOINTS = Quota(
    service="vpc", code="L-29B6F2EB", name="interface endpoints in a VPC", new_account=50
)
GP3_TIB = Quota(service="ebs", code="L-7A658B76", name="TiB of gp3 volumes", new_account=50)
CLUSTERS = Quota(service="eks", code="L-1194D53C", name="EKS clusters", new_account=100)
LOAD_BALANCERS = Quota(
    service="elasticloadbalancing",
    code="L-53DA6B97",
    name="application load balancers",
    new_account=50,
)
DATABASES = Quota(service="rds", code="L-7B6409FD", name="RDS instances", new_account=40)
DATABASE_GIB = Quota(
    service="rds", code="L-7ADDB58A", name="GiB of RDS storage", new_account=100_000
)
CACHE_NODES = Quota(
    service="elasticache", code="L-DFE45DF3", name="ElastiCache nodes", new_account=300
)

# The instance families whose vCPUs these two quotas count, by their first letter.
STANDARD_FAMILIES = "acdhimrtz"


def needs(env: Environment) -> Iterator[Need]:
    """Each quota that the environment uses. All are for its region; its copies of backups need none."""
    groups = (env.cluster.general, env.cluster.workers_spot)
    zones = len(env.network.zones)
    gateways = zones if env.network.nat_gateway_per_zone else 1
    clickhouse = env.clickhouse
    on_demand = sum(_vcpus(group) for group in groups if not _spot(group))
    yield Need(
        quota=ON_DEMAND_VCPUS,
        amount=on_demand + clickhouse.nodes * INSTANCE_TYPES[clickhouse.instance_type].vcpus,
        counted=f"{_nodes(env, on_demand=True)}, {clickhouse.nodes} {clickhouse.instance_type} of ClickHouse",
    )
    yield Need(
        quota=SPOT_VCPUS,
        amount=sum(_vcpus(group) for group in groups if _spot(group)),
        counted=_nodes(env, on_demand=False),
    )
    yield Need(quota=ADDRESSES, amount=gateways)
    yield Need(quota=VPCS, amount=2, counted="the region's default VPC, too")
    yield Need(quota=INTERNET_GATEWAYS, amount=2, counted="that of the default VPC, too")
    yield Need(quota=NAT_GATEWAYS, amount=1)
    yield Need(
        quota=INTERFACE_ENDPOINTS,
        amount=len(env.network.interface_endpoints),
    )
    yield Need(
        quota=GP3_TIB,
        amount=math.ceil(_gp3_gib(env) / 1024),
        counted=f"{_gp3_gib(env)} GiB of nodes, ClickHouse and Prometheus",
    )
    yield Need(quota=CLUSTERS, amount=1)
    yield Need(quota=LOAD_BALANCERS, amount=1)
    yield Need(quota=DATABASES, amount=1, counted="a restore needs one more")
    yield Need(quota=DATABASE_GIB, amount=env.database.max_storage_gib)
    yield Need(quota=CACHE_NODES, amount=1 + env.queue.replicas)


def in_account(names: Names, quota: Quota) -> float:
    """The account's value of a quota in the environment's region.

    For some quotas AWS has only the default, until an increase is granted (API reference, GetServiceQuota).

    Raises:
        CommandFailedError: AWS cannot be queried.
    """
    try:
        return _value(names, quota, "get-service-quota")
    except CommandFailedError as error:
        if "NoSuchResourceException" not in error.reason:
            raise
    return _value(names, quota, "get-aws-default-service-quota")


def request(names: Names, need: Need) -> Command:
    """The command that requests as much of the quota as the environment needs."""
    return (
        *("aws", "service-quotas", "request-service-quota-increase"),
        *("--service-code", need.quota.service, "--quota-code", need.quota.code),
        *("--desired-value", str(need.amount), "--region", names.env.account.region),
    )


def _spot(group: NodeGroup) -> bool:
    return group.capacity_type is CapacityType.SPOT


def _vcpus(group: NodeGroup) -> int:
    return most_nodes(group) * max(INSTANCE_TYPES[name].vcpus for name in group.instance_types)


def _nodes(env: Environment, *, on_demand: bool) -> str:
    groups = (env.cluster.general, env.cluster.workers_spot)
    return ", ".join(
        f"{group.max_size} {group.instance_types[0]} and {most_nodes(group) - group.max_size} during a change"
        for group in groups
        if _spot(group) is not on_demand
    )


def _gp3_gib(env: Environment) -> int:
    groups = (env.cluster.general, env.cluster.workers_spot)
    clickhouse, monitoring = env.clickhouse, env.monitoring
    return (
        sum(most_nodes(group) * group.disk_gib for group in groups)
        + clickhouse.nodes * (ROOT_VOLUME_GIB + clickhouse.data_volume_gib)
        + monitoring.prometheus_replicas * monitoring.prometheus_storage_gib
    )


def _value(names: Names, quota: Quota, operation: str) -> float:
    found = json_output(
        (
            *("aws", "service-quotas", operation, "--service-code", quota.service),
            *("--quota-code", quota.code, "--region", names.env.account.region),
            *("--output", "json"),
        )
    )["Quota"]
    assert isinstance(found, dict)
    return float(found["Value"])
