"""PostgreSQL: availability, access, backups, and logs without secrets."""

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from environments.dev import DEV
from environments.names import POSTGRES_APP_USER, Stack
from environments.prod import PROD
from environments.spec import Environment
from stacks.app import build
from tests.support.each_environment import EACH_ENVIRONMENT, EACH_NAME
from tests.support.terraform import Body, Stacks, Terraform


def instance_of(stacks: Stacks, name: str) -> Body:
    return stacks[name][Stack.DATABASE].only("aws_db_instance")


def parameters_of(stacks: Stacks, name: str) -> dict[str, str]:
    group = stacks[name][Stack.DATABASE].only("aws_db_parameter_group")
    return {parameter["name"]: parameter["value"] for parameter in group["parameter"]}


def secret_fields(stacks: Stacks, name: str, id_: str) -> dict[str, str]:
    version = stacks[name][Stack.DATABASE].resource("aws_secretsmanager_secret_version", id_)
    fields: dict[str, str] = json.loads(version["secret_string_wo"])
    return fields


def minutes_of(window: str) -> tuple[int, int]:
    """`01:00-02:00` or `sun:03:00-sun:04:00` as minutes of a day."""
    start, end = (
        datetime.strptime(half[-5:], "%H:%M").time()
        for half in (window[: len(window) // 2], window[len(window) // 2 + 1 :])
    )
    return start.hour * 60 + start.minute, end.hour * 60 + end.minute


def test_production_database_survives_a_zone_loss(terraform: Stacks) -> None:
    assert instance_of(terraform, "prod")["multi_az"] is True
    subnets = terraform["prod"][Stack.DATABASE].only("aws_db_subnet_group")["subnet_ids"]
    assert len(set(subnets)) == len(PROD.network.zones) >= 2


@EACH_NAME
def test_only_the_cluster_reaches_the_database(terraform: Stacks, name: str) -> None:
    stack = terraform[name][Stack.DATABASE]
    rule = stack.only("aws_vpc_security_group_ingress_rule")
    assert "cluster_security_group_id" in rule["referenced_security_group_id"]
    assert not rule.keys() & {"cidr_ipv4", "cidr_ipv6", "prefix_list_id"}
    assert (rule["from_port"], rule["to_port"]) == (5432, 5432)
    assert not stack.resources("aws_vpc_security_group_egress_rule")
    group = stack.only("aws_security_group")
    assert not group.keys() & {"ingress", "egress"}
    instance = instance_of(terraform, name)
    assert instance["publicly_accessible"] is False
    assert instance["vpc_security_group_ids"] == ["${aws_security_group.security-group.id}"]
    subnets = stack.only("aws_db_subnet_group")["subnet_ids"]
    assert subnets
    assert all("data-subnet" in subnet for subnet in subnets)


@EACH_ENVIRONMENT
def test_clients_must_connect_over_tls_with_scram(terraform: Stacks, env: Environment) -> None:
    parameters = parameters_of(terraform, env.name)
    assert parameters["rds.force_ssl"] == "1"
    assert parameters["ssl_min_protocol_version"] == "TLSv1.2"
    assert parameters["rds.accepted_password_auth_method"] == "scram"
    group = terraform[env.name][Stack.DATABASE].only("aws_db_parameter_group")
    assert group["family"] == f"postgres{env.database.engine_version}"
    used = instance_of(terraform, env.name)["parameter_group_name"]
    assert used == "${aws_db_parameter_group.parameter-group.name}"


@EACH_NAME
def test_data_logs_and_insights_are_encrypted_with_the_databases_own_key(
    terraform: Stacks, name: str
) -> None:
    instance = instance_of(terraform, name)
    groups = terraform[name][Stack.DATABASE].resources("aws_cloudwatch_log_group").values()
    assert instance["storage_encrypted"] is True
    assert {
        instance["kms_key_id"],
        instance["performance_insights_kms_key_id"],
        *(group["kms_key_id"] for group in groups),
    } == {"${aws_kms_key.key.arn}"}


@EACH_ENVIRONMENT
def test_backups_are_kept_as_long_as_configured_and_survive_the_instance(
    terraform: Stacks, env: Environment
) -> None:
    instance = instance_of(terraform, env.name)
    assert instance["backup_retention_period"] == env.database.backup_retention_days > 0
    assert instance["delete_automated_backups"] is False
    assert instance["skip_final_snapshot"] is False
    assert instance["copy_tags_to_snapshot"] is True


def test_production_database_cannot_be_deleted_by_an_apply(terraform: Stacks) -> None:
    assert instance_of(terraform, "prod")["deletion_protection"] is True


@EACH_ENVIRONMENT
def test_storage_grows_automatically_and_can_still_be_raised_in_code(
    terraform: Stacks, env: Environment
) -> None:
    """The provider ignores growth up to the maximum; `ignore_changes` would also ignore changes in code."""
    instance = instance_of(terraform, env.name)
    assert instance["max_allocated_storage"] == env.database.max_storage_gib
    assert instance["allocated_storage"] < instance["max_allocated_storage"]
    assert "ignore_changes" not in instance.get("lifecycle", {})


@pytest.mark.parametrize(
    ("storage_gib", "performance"), [(399, (None, None)), (400, (12_000, 500))]
)
def test_large_storage_names_its_performance_and_small_storage_names_none(
    tmp_path: Path, storage_gib: int, performance: tuple[int | None, int | None]
) -> None:
    database = replace(DEV.database, storage_gib=storage_gib, max_storage_gib=1000)
    build([replace(DEV, database=database)], outdir=tmp_path).synth()
    stack = Terraform.read(tmp_path / "stacks" / f"dev-{Stack.DATABASE}" / "cdk.tf.json")
    instance = stack.only("aws_db_instance")
    assert instance["storage_type"] == "gp3"
    assert (instance.get("iops"), instance.get("storage_throughput")) == performance


@EACH_NAME
def test_a_minor_upgrade_by_aws_causes_no_drift(terraform: Stacks, name: str) -> None:
    instance = instance_of(terraform, name)
    assert instance["auto_minor_version_upgrade"] is True
    assert instance["engine_version"].isdigit(), "a minor version here would request a downgrade"


@EACH_NAME
def test_a_major_upgrade_creates_its_parameter_group_before_the_old_one_is_deleted(
    terraform: Stacks, name: str
) -> None:
    group = terraform[name][Stack.DATABASE].only("aws_db_parameter_group")
    assert group["lifecycle"]["create_before_destroy"] is True
    assert group["name"].endswith(group["family"])


@EACH_NAME
def test_backup_and_maintenance_windows_do_not_overlap_and_changes_wait_for_maintenance(
    terraform: Stacks, name: str
) -> None:
    instance = instance_of(terraform, name)
    _, backup_ends = minutes_of(instance["backup_window"])
    maintenance_starts, _ = minutes_of(instance["maintenance_window"])
    assert backup_ends < maintenance_starts
    assert instance["apply_immediately"] is False


@EACH_ENVIRONMENT
def test_every_exported_log_goes_to_a_group_that_expires(
    terraform: Stacks, env: Environment
) -> None:
    groups = terraform[env.name][Stack.DATABASE].resources("aws_cloudwatch_log_group")
    instance = instance_of(terraform, env.name)
    kept = {group["name"]: group["retention_in_days"] for group in groups.values()}
    assert kept == {
        f"/aws/rds/instance/{instance['identifier']}/{log}": env.database.log_retention_days
        for log in instance["enabled_cloudwatch_logs_exports"]
    }
    for id_ in groups:  # otherwise RDS makes them first, without retention
        assert f"aws_cloudwatch_log_group.{id_}" in instance["depends_on"]


@EACH_NAME
def test_logs_record_changes_of_roles_and_schema_without_passwords_or_users_data(
    terraform: Stacks, name: str
) -> None:
    parameters = parameters_of(terraform, name)
    # pgaudit redacts passwords in CREATE and ALTER ROLE; log_statement would log them.
    assert parameters["log_statement"] == "none"
    assert set(parameters["pgaudit.log"].split(",")) == {"ddl", "role"}
    assert "pgaudit" in parameters["shared_preload_libraries"].split(",")
    # Without this, a slow statement is logged with the values bound to it.
    assert int(parameters["log_min_duration_statement"]) > 0
    assert parameters["log_parameter_max_length"] == "0"


@EACH_NAME
def test_the_administrators_password_and_its_secret_rotate_together(
    terraform: Stacks, name: str
) -> None:
    instance = instance_of(terraform, name)
    stored = terraform[name][Stack.DATABASE].resource(
        "aws_secretsmanager_secret_version", "postgres-admin"
    )
    fields = secret_fields(terraform, name, "postgres-admin")
    assert "secretpostgres-adminarn" in stored["secret_id"]
    assert instance["password_wo"] == fields["password"]
    assert instance["password_wo_version"] == stored["secret_string_wo_version"]
    # The secret is written after the instance: a failed instance leaves no password in it.
    assert fields["username"] == "${aws_db_instance.instance.username}"
    assert not instance.keys() & {"password", "manage_master_user_password"}


@EACH_NAME
def test_pods_get_a_user_of_their_own_and_where_to_connect(terraform: Stacks, name: str) -> None:
    application = secret_fields(terraform, name, "postgres")
    administrator = secret_fields(terraform, name, "postgres-admin")
    assert application.keys() == {"host", "port", "database", "username", "password"}
    assert application["host"] == "${aws_db_instance.instance.address}"
    assert application["port"] == str(instance_of(terraform, name)["port"])
    assert application["database"] == instance_of(terraform, name)["db_name"]
    assert application["username"] == POSTGRES_APP_USER
    assert application["username"] != instance_of(terraform, name)["username"]
    assert application["password"] != administrator["password"]
