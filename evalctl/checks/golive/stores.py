"""Checks of what holds data: backups, zones, encryption, and what protects it from deletion."""

from collections.abc import Iterator

from environments.names import BACKED_UP_BUCKETS
from evalctl.checks.check import Finding, Subject, check, require
from evalctl.parsed.kubernetes import objects
from evalctl.parsed.node import Node
from evalctl.parsed.terraform import Resource, references, resources, target

_LEAST_BACKUP_DAYS = 7


@check(
    title="RDS and S3 are backed up automatically",
    rests_on="the instance's own backups; selections and plans of AWS Backup; the buckets with data",
    brief="B14",
)
def backups(subject: Subject) -> Iterator[Finding]:
    env = subject.env
    selections = list(resources(env, "aws_backup_selection"))
    plans: dict[str, Resource | None] = {}
    chosen: dict[str, str] = {}  # the name of a resource → that of its selection
    for selection in selections:
        plans[selection.id] = target(env, selection, "plan_id")
        for node in selection["resources"].items():
            for reference in references(env, selection.stack, node.text()):
                if reference.resource is not None:
                    chosen[reference.resource.address] = selection.id
            chosen[node.text().rpartition(":")[2]] = selection.id
    for instance in resources(env, "aws_db_instance"):
        days = instance["backup_retention_period"]
        yield require(days, days.number_or(0) >= _LEAST_BACKUP_DAYS, "keep a week at least")
        yield _selected(instance["identifier"], instance.address, chosen, selections)
    for bucket in resources(env, "aws_s3_bucket"):
        if bucket.id in BACKED_UP_BUCKETS:
            yield _selected(bucket["bucket"], bucket["bucket"].text(), chosen, selections)
    for id_ in sorted(set(chosen.values())):
        plan = plans[id_]
        rules = plan["rule"].items() if plan is not None else []
        daily = [rule for rule in rules if _daily(rule["schedule"])]
        place = plan["rule"] if plan is not None else env.place("terraform/backup/cdk.tf.json")
        yield require(place, bool(daily), "no rule of the plan runs each day")
        for rule in daily:
            days = rule.at("lifecycle", "delete_after")
            yield require(days, days.number_or(0) >= _LEAST_BACKUP_DAYS, "keep a week at least")


def _selected(node: Node, name: str, chosen: dict[str, str], selections: list[Resource]) -> Finding:
    selection = next((each for each in selections if each.id == chosen.get(name)), None)
    if selection is None:
        return Finding(node, "no selection of AWS Backup has it")
    return Finding(node, None, selection["resources"])


def _daily(schedule: Node) -> bool:
    """Whether a `cron(minute hour day month weekday year)` runs on each day."""
    fields = schedule.text().removeprefix("cron(").removesuffix(")").split()
    return len(fields) == 6 and fields[2:] == ["*", "*", "?", "*"]


@check(
    title="The loss of a zone stops nothing",
    rests_on="zones of subnets, NAT gateways, node groups, ClickHouse's nodes; Multi-AZ of RDS and the queue",
)
def several_zones(subject: Subject) -> Iterator[Finding]:
    env = subject.env
    subnets = list(resources(env, "aws_subnet"))
    zones = {subnet["availability_zone"].text() for subnet in subnets}
    for subnet in subnets[:1]:
        yield require(subnet["availability_zone"], len(zones) >= 3, "use three zones at least")
    gateways = list(resources(env, "aws_nat_gateway"))
    for gateway in gateways[:1]:
        yield require(
            gateway["subnet_id"],
            len(gateways) == len(zones),
            "each zone needs a gateway of its own",
        )
    for instance in resources(env, "aws_db_instance"):
        yield require(instance["multi_az"], instance["multi_az"].flag(), "there is no standby")
    for group in resources(env, "aws_elasticache_replication_group"):
        for field in ("multi_az_enabled", "automatic_failover_enabled"):
            yield require(group[field], group[field].flag(), "there is no replica to fail over to")
    for group in resources(env, "aws_eks_node_group"):
        used = {
            reference.resource.address
            for subnet_id in group["subnet_ids"].texts()
            for reference in references(env, group.stack, subnet_id)
            if reference.resource is not None
        }
        yield require(group["subnet_ids"], len(used) >= 3, "nodes must be in three zones at least")
    volumes = list(resources(env, "aws_ebs_volume"))
    places = {volume["availability_zone"].text() for volume in volumes}
    for volume in volumes[:1]:
        yield require(
            volume["availability_zone"], len(places) >= 3, "a quorum needs nodes in three zones"
        )


# Type, field below the resource, and what it must be.
_ENCRYPTED = (
    ("aws_db_instance", ("storage_encrypted",)),
    ("aws_elasticache_replication_group", ("at_rest_encryption_enabled",)),
    ("aws_ebs_volume", ("encrypted",)),
    ("aws_instance", ("root_block_device", "encrypted")),
)
_WITH_A_KEY = (
    ("aws_db_instance", "kms_key_id"),
    ("aws_elasticache_replication_group", "kms_key_id"),
    ("aws_secretsmanager_secret", "kms_key_id"),
    ("aws_cloudwatch_log_group", "kms_key_id"),
    ("aws_backup_vault", "kms_key_arn"),
)


@check(
    title="Everything stored is encrypted, with keys that rotate",
    rests_on="RDS, ElastiCache, EBS, S3, ECR, log groups, secrets, vaults, EKS' secrets; the storage class; the keys",
)
def encryption_at_rest(subject: Subject) -> Iterator[Finding]:
    env = subject.env
    for type_, path in _ENCRYPTED:
        for resource in resources(env, type_):
            node = resource.body.at(*path)
            yield require(node, node.flag(), f"{resource.address} is not encrypted")
    for type_, field in _WITH_A_KEY:
        for resource in resources(env, type_):
            yield require(resource[field], resource[field].present, "there is no key of ours")
    for template in resources(env, "aws_launch_template"):
        for device in template["block_device_mappings"].blocks():
            node = device.at("ebs", "encrypted")
            yield require(node, node.flag(), "the node's disk is not encrypted")
    for cluster in resources(env, "aws_eks_cluster"):
        node = cluster.body.at("encryption_config", "resources")
        yield require(node, "secrets" in node.texts(), "Kubernetes' Secrets are not encrypted")
    for repository in resources(env, "aws_ecr_repository"):
        kinds = [
            c["encryption_type"].value for c in repository["encryption_configuration"].blocks()
        ]
        yield require(repository["name"], kinds == ["KMS"], "images are not encrypted with a key")
    configured = {
        found.address
        for each in resources(env, "aws_s3_bucket_server_side_encryption_configuration")
        if (found := target(env, each, "bucket")) is not None
        and all(
            rule.at("apply_server_side_encryption_by_default", "sse_algorithm").present
            for rule in each["rule"].blocks()
        )
    }
    for bucket in resources(env, "aws_s3_bucket"):
        yield require(bucket["bucket"], bucket.address in configured, "the bucket is not encrypted")
    for storage_class in objects(env, "StorageClass"):
        node = storage_class.at("parameters", "encrypted")
        yield require(node, node.flag(), "volumes of this class are not encrypted")
    for key in resources(env, "aws_kms_key"):
        yield require(key["enable_key_rotation"], key["enable_key_rotation"].flag(), "rotate it")


@check(
    title="Data survives a mistaken deletion",
    rests_on="protection and final snapshot of RDS, locks of the vaults, prevent_destroy of the states, versions of buckets, recovery of secrets and keys",
)
def deletion_protection(subject: Subject) -> Iterator[Finding]:
    env = subject.env
    for instance in resources(env, "aws_db_instance"):
        node = instance["deletion_protection"]
        yield require(node, node.flag(), "a single call deletes the database")
        node = instance["skip_final_snapshot"]
        yield require(node, not node.flag(), "a deletion leaves no snapshot")
    locks = [
        target(env, lock, "backup_vault_name")
        for lock in resources(env, "aws_backup_vault_lock_configuration")
    ]
    locked = {found.address for found in locks if found is not None}
    for vault in resources(env, "aws_backup_vault"):
        yield require(
            vault["name"], vault.address in locked, "backups can be deleted; lock the vault"
        )
    versioned = {
        found.address
        for each in resources(env, "aws_s3_bucket_versioning")
        if each["versioning_configuration"].blocks()
        and each["versioning_configuration"].blocks()[0]["status"].value == "Enabled"
        and (found := target(env, each, "bucket")) is not None
    }
    for bucket in resources(env, "aws_s3_bucket"):
        node = bucket["force_destroy"]
        yield require(node, not node.flag(), "terraform would delete a bucket that is not empty")
        if bucket.id in BACKED_UP_BUCKETS or bucket.id == "state":
            yield require(
                bucket["bucket"], bucket.address in versioned, "deleted objects have no versions"
            )
        if bucket.id == "state":
            node = bucket.body.at("lifecycle", "prevent_destroy")
            yield require(node, node.flag(), "terraform could destroy the states")
    for secret in resources(env, "aws_secretsmanager_secret"):
        node = secret["recovery_window_in_days"]
        yield require(node, node.number_or(30) >= 7, "a deleted secret must be recoverable")
    for key in resources(env, "aws_kms_key"):
        node = key["deletion_window_in_days"]
        yield require(node, node.number_or(30) >= 7, "a deleted key must be recoverable")
    for volume in resources(env, "aws_ebs_volume"):
        node = volume["final_snapshot"]
        yield require(node, node.flag(), "a deleted volume leaves no snapshot")
