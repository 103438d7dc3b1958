"""What every managed data store needs first: a key, subnets, a security group, a last snapshot's name."""

from dataclasses import dataclass

import constructs

from environments.names import Names
from stacks import aws
from stacks.parts.final_snapshot import final_snapshot_name
from stacks.parts.kms import encryption_key
from stacks.parts.security_group import reachable_from_cluster


@dataclass(frozen=True, kw_only=True)
class DataStore:
    """What the store's own resource refers to."""

    key_arn: str
    subnet_group_name: str
    security_group_id: str
    final_snapshot_name: str


def data_store(
    scope: constructs.Construct,
    *,
    names: Names,
    role: str,
    port: int,
    subnet_group: type[aws.DbSubnetGroup | aws.ElasticacheSubnetGroup],
    subnet_ids: list[str],
    vpc_id: str,
    cluster_security_group_id: str,
) -> DataStore:
    """A store in `subnet_ids` that the cluster reaches on `port`; its logs use the same key.

    RDS and ElastiCache have a class each for the same subnet group.
    """
    key = encryption_key(scope, "key", names=names, purpose=role, for_logs=True)
    subnets = subnet_group(
        scope,
        "subnet-group",
        name=names.aws(role),
        description="Subnets without a way out of the VPC",
        subnet_ids=subnet_ids,
    )
    security_group = reachable_from_cluster(
        scope,
        "security-group",
        names=names,
        role=role,
        vpc_id=vpc_id,
        cluster_security_group_id=cluster_security_group_id,
        ports={role: port},
    )
    return DataStore(
        key_arn=key.arn,
        subnet_group_name=subnets.name,
        security_group_id=security_group.id,
        final_snapshot_name=final_snapshot_name(
            scope, "life", names=names, role=role, replaced_with={"key": key.arn}
        ),
    )
