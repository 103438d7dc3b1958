"""What the restore drill of PostgreSQL has in AWS: a role for one scratch instance, and its security group.

The drill runs on the first ClickHouse node (docs/restore-drill.md). Its own role can restore to one
instance, change that one and delete it, and nothing else.
"""

import constructs

from environments.names import POSTGRES_PORT, RESTORE_DRILL, Names
from stacks import aws
from stacks.parts.iam import Statement, policy, service_role
from stacks.parts.kms import key_alias, kms_via_service

_POSTGRES = "postgres"  # the role of PostgreSQL's resources in their names (stacks/database.py)


def restore_drill(
    scope: constructs.Construct, *, names: Names, vpc_id: str, node_security_group_id: str
) -> None:
    """The role, and the group of the scratch instance, which only the nodes reach."""
    service_role(
        scope,
        "restore-drill-role",
        names=names,
        name=names.aws(RESTORE_DRILL),
        trust_policy=_trusts_the_first_node(names),
        statements=drill_statements(names),
    )
    _security_group(scope, names=names, vpc_id=vpc_id, node_group_id=node_security_group_id)


def may_assume_drill_role(names: Names) -> Statement:
    """For the role of the first node, where the drill runs."""
    return Statement(
        actions=("sts:AssumeRole",), resources=(names.role_arn(names.aws(RESTORE_DRILL)),)
    )


def drill_statements(names: Names) -> tuple[Statement, ...]:
    """Which resources each action has: AWS's service authorization reference, Amazon RDS."""
    scratch = _rds_arn(names, "db", names.aws(RESTORE_DRILL))
    # RDS names automated snapshots rds:<instance>-<time>.
    snapshots = _rds_arn(names, "snapshot", f"rds:{names.aws(_POSTGRES)}-*")
    version = names.env.database.engine_version
    return (
        Statement(
            actions=("rds:DescribeDBSnapshots",),
            resources=(_rds_arn(names, "db", names.aws(_POSTGRES)), snapshots),
        ),
        Statement(
            actions=("rds:RestoreDBInstanceFromDBSnapshot",),
            resources=(
                scratch,
                snapshots,
                _rds_arn(names, "subgrp", names.aws(_POSTGRES)),
                _rds_arn(names, "pg", names.aws(f"postgres{version}")),
                _rds_arn(names, "og", f"default:postgres-{version}"),
            ),
        ),
        Statement(
            actions=(
                "rds:AddTagsToResource",  # RDS copies the snapshot's tags
                "rds:DeleteDBInstance",
                "rds:DescribeDBInstances",
                "rds:ModifyDBInstance",
            ),
            resources=(scratch,),
        ),
        # The script finds the group by its name; the action has no resources.
        Statement(actions=("ec2:DescribeSecurityGroups",)),
        *_database_key(names),
    )


def _database_key(names: Names) -> tuple[Statement, Statement]:
    """The key of the snapshot and of what is restored, by its alias: it belongs to another stack."""
    account = names.env.account
    any_key = f"arn:aws:kms:{account.region}:{account.id}:key/*"
    database_key: dict[str, str | list[str]] = {"kms:ResourceAliases": key_alias(names, _POSTGRES)}
    return (
        kms_via_service(
            names,
            "rds",
            any_key,
            *("kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey*"),
            conditions={"ForAnyValue:StringEquals": database_key},
        ),
        kms_via_service(
            names,
            "rds",
            any_key,
            "kms:CreateGrant",
            conditions={
                "ForAnyValue:StringEquals": database_key,
                "Bool": {"kms:GrantIsForAWSResource": "true"},
            },
        ),
    )


def _trusts_the_first_node(names: Names) -> str:
    """By its ARN in a condition, so that neither role waits for the other."""
    return policy(
        Statement(
            actions=("sts:AssumeRole",),
            resources=(),
            principals={"AWS": f"arn:aws:iam::{names.env.account.id}:root"},
            conditions={"StringEquals": {"aws:PrincipalArn": names.first_clickhouse_role_arn}},
        )
    )


def _security_group(
    scope: constructs.Construct, *, names: Names, vpc_id: str, node_group_id: str
) -> None:
    group = aws.SecurityGroup(
        scope,
        "restore-drill-security-group",
        name=names.aws(RESTORE_DRILL),
        description="PostgreSQL while a restore is practised: connections from ClickHouse nodes",
        vpc_id=vpc_id,
        tags={"Name": names.aws(RESTORE_DRILL)},
    )
    for id_, rule, own, other, direction in (
        ("from-nodes", aws.VpcSecurityGroupIngressRule, group.id, node_group_id, "from the nodes"),
        ("to-instance", aws.VpcSecurityGroupEgressRule, node_group_id, group.id, "to the instance"),
    ):
        rule(
            scope,
            f"restore-drill-{id_}",
            security_group_id=own,
            description=f"postgres {direction} of the restore drill",
            referenced_security_group_id=other,
            ip_protocol="tcp",
            from_port=POSTGRES_PORT,
            to_port=POSTGRES_PORT,
        )


def _rds_arn(names: Names, kind: str, name: str) -> str:
    account = names.env.account
    return f"arn:aws:rds:{account.region}:{account.id}:{kind}:{name}"
