"""Compares an account after the apply with the environment's value."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from environments.names import GENERAL_NODES, WORKER_NODES, Bucket, Names, Secret, Stack
from environments.spec import Environment, NodeGroup
from evalctl.rehearsal.emulator import EmulatedAws


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One comparison of the account with the value."""

    holds: bool
    difference: str  # `<what>: expected <expected>, the account has <found>`, if it does not hold


def facts(env: Environment, aws: EmulatedAws) -> Iterator[Fact]:
    """Every comparison of an account with an environment's value."""
    yield from _cluster(env, aws)
    yield from _stores(env, aws)
    yield from _clickhouse(env, aws)
    yield from _buckets(env, aws)
    yield from _secrets(env, aws)
    yield from _roles(env, aws)
    yield from _backups(env, aws)


def differences(compared: Iterable[Fact]) -> list[str]:
    """The difference of each fact that does not hold."""
    return [fact.difference for fact in compared if not fact.holds]


def _compare(what: str, expected: object, found: object) -> Iterator[Fact]:
    yield Fact(
        holds=expected == found,
        difference=f"{what}: expected {expected!r}, the account has {found!r}",
    )


def _cluster(env: Environment, aws: EmulatedAws) -> Iterator[Fact]:
    eks, name = aws.client("eks"), Names(env).cluster
    cluster = eks.describe_cluster(name=name)["cluster"]
    yield from _compare(f"{name} version", env.cluster.kubernetes_version, cluster["version"])
    yield from _compare(
        f"{name} public endpoint",
        bool(env.cluster.public_access_cidrs),
        cluster["resourcesVpcConfig"]["endpointPublicAccess"],
    )
    rules = aws.client("ec2").describe_security_group_rules(
        Filters=[
            {
                "Name": "group-id",
                "Values": [cluster["resourcesVpcConfig"]["clusterSecurityGroupId"]],
            }
        ]
    )["SecurityGroupRules"]
    yield from _compare(
        f"{name} private networks",
        set(env.cluster.private_access_cidrs),
        {rule["CidrIpv4"] for rule in rules if rule.get("FromPort") == 443},
    )
    yield from _compare(
        f"{name} encrypted resources", ["secrets"], cluster["encryptionConfig"][0]["resources"]
    )
    groups = eks.list_nodegroups(clusterName=name)["nodegroups"]
    for prefix, spec in (
        (GENERAL_NODES, env.cluster.general),
        (WORKER_NODES, env.cluster.workers_spot),
    ):
        found = [group for group in groups if group.startswith(prefix)]
        yield from _compare(f"node groups {prefix}*", 1, len(found))
        yield from _node_groups(found, spec, aws, cluster=name)


def _node_groups(
    found: list[str], spec: NodeGroup, aws: EmulatedAws, *, cluster: str
) -> Iterator[Fact]:
    for group_name in found:
        group = aws.client("eks").describe_nodegroup(clusterName=cluster, nodegroupName=group_name)[
            "nodegroup"
        ]
        scaling = group["scalingConfig"]
        yield from _compare(
            f"node group {group_name} minimum, desired, maximum",
            (spec.min_size, spec.desired_size, spec.max_size),
            (scaling["minSize"], scaling["desiredSize"], scaling["maxSize"]),
        )
        yield from _compare(
            f"node group {group_name} capacity", str(spec.capacity_type), group["capacityType"]
        )
        yield from _compare(
            f"node group {group_name} types", list(spec.instance_types), group["instanceTypes"]
        )


def _stores(env: Environment, aws: EmulatedAws) -> Iterator[Fact]:
    names = Names(env)
    (database,) = aws.client("rds").describe_db_instances(
        DBInstanceIdentifier=names.aws("postgres")
    )["DBInstances"]
    for field, expected in (
        ("MultiAZ", env.database.multi_az),
        ("StorageEncrypted", True),
        ("BackupRetentionPeriod", env.database.backup_retention_days),
        ("DeletionProtection", env.database.deletion_protection),
        ("PubliclyAccessible", False),
        ("DBInstanceClass", env.database.instance_class),
    ):
        yield from _compare(f"database {field}", expected, database[field])
    (queue,) = aws.client("elasticache").describe_replication_groups(
        ReplicationGroupId=names.aws("redis")
    )["ReplicationGroups"]
    for field, expected in (
        ("MultiAZ", "enabled" if env.queue.replicas else "disabled"),
        ("TransitEncryptionEnabled", True),
        ("AtRestEncryptionEnabled", True),
        ("SnapshotRetentionLimit", env.queue.snapshot_retention_days),
    ):
        yield from _compare(f"queue {field}", expected, queue[field])


def _clickhouse(env: Environment, aws: EmulatedAws) -> Iterator[Fact]:
    ec2 = aws.client("ec2")
    component = [{"Name": "tag:Component", "Values": [Stack.CLICKHOUSE]}]
    running = [*component, {"Name": "instance-state-name", "Values": ["running"]}]
    nodes = [
        instance
        for reservation in ec2.describe_instances(Filters=running)["Reservations"]
        for instance in reservation["Instances"]
    ]
    yield from _compare("ClickHouse nodes", env.clickhouse.nodes, len(nodes))
    data = [
        volume
        for volume in ec2.describe_volumes(Filters=component)["Volumes"]
        if volume["Size"] == env.clickhouse.data_volume_gib
    ]
    yield from _compare("ClickHouse data volumes", env.clickhouse.nodes, len(data))
    # The emulator puts an instance with its own network interface into the default zone. A volume must
    # be in the zone of its instance, so the volumes show how the nodes are spread.
    zones = {volume["AvailabilityZone"] for volume in data}
    yield from _compare(
        "ClickHouse zones", min(env.clickhouse.nodes, len(env.network.zones)), len(zones)
    )
    yield from _compare("ClickHouse volumes encrypted", {True}, {v["Encrypted"] for v in data})


def _buckets(env: Environment, aws: EmulatedAws) -> Iterator[Fact]:
    s3 = aws.client("s3")
    for bucket in Bucket:
        name = Names(env).bucket(bucket)
        versioning = s3.get_bucket_versioning(Bucket=name).get("Status")
        yield from _compare(f"{name} versioning", "Enabled", versioning)
        (rule,) = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"][
            "Rules"
        ]
        yield from _compare(
            f"{name} encryption",
            "AES256" if bucket is Bucket.ACCESS_LOGS else "aws:kms",
            rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"],
        )
        access = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
        yield from _compare(f"{name} blocks public access", {True}, set(access.values()))


def _secrets(env: Environment, aws: EmulatedAws) -> Iterator[Fact]:
    """The LLM keys have no value yet, and no state contains a password."""
    names, manager, s3 = Names(env), aws.client("secretsmanager"), aws.client("s3")
    keys = manager.list_secret_version_ids(SecretId=names.secret(Secret.LLM_KEYS))
    yield from _compare("llm-keys values", 0, len(keys.get("Versions", [])))
    states = {
        stack: s3.get_object(Bucket=names.bucket(Bucket.STATE), Key=names.state_key(stack))[
            "Body"
        ].read()
        for stack in Stack
    }
    for secret in Secret:
        if not manager.list_secret_version_ids(SecretId=names.secret(secret)).get("Versions"):
            continue
        value = json.loads(manager.get_secret_value(SecretId=names.secret(secret))["SecretString"])
        if "password" not in value:
            continue
        for stack, state in states.items():
            yield Fact(
                holds=value["password"].encode() not in state,
                difference=f"{secret}: the password must be in Secrets Manager only, it is in {stack}'s state",
            )


def _roles(env: Environment, aws: EmulatedAws) -> Iterator[Fact]:
    iam = aws.client("iam")
    for page in iam.get_paginator("list_roles").paginate():
        for role in page["Roles"]:
            if not role["RoleName"].startswith(Names(env).prefix):
                continue
            name = role["RoleName"]
            for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
                document = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
                for statement in document["Statement"]:
                    yield Fact(
                        holds=not _allows_everything(statement),
                        difference=f"role {name}: expected least privilege, the account has {statement!r}",
                    )


def _allows_everything(statement: dict[str, Any]) -> bool:
    return statement["Effect"] == "Allow" and "*" in (
        statement.get("Action"),
        *(statement.get("Action") or []),
    )


def _backups(env: Environment, aws: EmulatedAws) -> Iterator[Fact]:
    backup, prefix = aws.client("backup"), Names(env).prefix
    plans = [
        plan
        for plan in backup.list_backup_plans()["BackupPlansList"]
        if plan["BackupPlanName"].startswith(prefix)
    ]
    selected = [
        arn
        for plan in plans
        for selection in backup.list_backup_selections(BackupPlanId=plan["BackupPlanId"])[
            "BackupSelectionsList"
        ]
        for arn in backup.get_backup_selection(
            BackupPlanId=plan["BackupPlanId"], SelectionId=selection["SelectionId"]
        )["BackupSelection"]["Resources"]
    ]
    for what, part in (("the database", ":rds:"), ("the buckets", ":s3:::")):
        yield Fact(
            holds=any(part in arn for arn in selected),
            difference=f"backups of {what}: expected a selection, the account has {selected!r}",
        )
