"""Backups of RDS and S3."""

import json
from dataclasses import replace

import pytest

from environments.dev import DEV
from environments.names import TERRAFORM_FILE, Bucket, Names, Stack
from environments.prod import PROD
from environments.spec import Environment
from stacks.app import build
from tests.support.each_environment import EACH_ENVIRONMENT, EACH_NAME
from tests.support.terraform import Body, Stacks, Terraform


def rules(stack: Terraform, plan: str) -> dict[str, Body]:
    found = stack.resource("aws_backup_plan", f"{plan}-plan")["rule"]
    return {rule["rule_name"]: rule for rule in found}


@EACH_ENVIRONMENT
def test_the_database_and_every_bucket_with_data_are_backed_up(
    terraform: Stacks, env: Environment
) -> None:
    stack = terraform[env.name][Stack.BACKUP]
    (database,) = stack.resource("aws_backup_selection", "database-selection")["resources"]
    assert "terraform_remote_state" in database or ":rds:" in database
    buckets = stack.resource("aws_backup_selection", "buckets-selection")["resources"]
    assert set(buckets) == {
        Names(env).bucket_arn(bucket)
        for bucket in (Bucket.DATASETS, Bucket.REPORTS, Bucket.BACKUPS)
    }


@EACH_ENVIRONMENT
@pytest.mark.parametrize("plan", ["database", "buckets"])
def test_each_plan_runs_every_day_and_keeps_backups_as_long_as_configured(
    terraform: Stacks, env: Environment, plan: str
) -> None:
    daily = rules(terraform[env.name][Stack.BACKUP], plan)["daily"]
    assert daily["schedule"].endswith(" * * ? *)")
    assert daily["lifecycle"] == {"delete_after": env.backup.daily_retention_days}


@pytest.mark.parametrize("plan", ["database", "buckets"])
def test_production_keeps_a_backup_of_every_month_for_a_year(terraform: Stacks, plan: str) -> None:
    monthly = rules(terraform["prod"][Stack.BACKUP], plan)["monthly"]
    assert monthly["schedule"].endswith(" 1 * ? *)")
    assert monthly["lifecycle"]["delete_after"] >= 365
    assert not monthly.get("enable_continuous_backup")  # AWS keeps those for 35 days at most


@pytest.fixture(scope="module")
def daily_only(tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    """The stack of an environment without monthly backups, and without copies in another region."""
    folder = tmp_path_factory.mktemp("daily-only")
    env = replace(
        DEV,
        account=replace(DEV.account, backup_copy_region=None),
        backup=replace(DEV.backup, monthly_retention_days=0, copy_retention_days=0),
    )
    build([env], outdir=folder).synth()
    return Terraform.read(folder / "stacks" / f"dev-{Stack.BACKUP}" / TERRAFORM_FILE)


def test_an_environment_without_monthly_backups_has_no_monthly_rule(daily_only: Terraform) -> None:
    assert set(rules(daily_only, "database")) == {"daily"}


@EACH_NAME
def test_no_backup_starts_in_the_databases_windows_or_in_the_hour_before_them(
    terraform: Stacks, name: str
) -> None:
    """AWS Backup would make no backup then."""
    instance = terraform[name][Stack.DATABASE].only("aws_db_instance")
    weekly = instance["maintenance_window"].replace("sun:", "")
    closed: set[int] = set()
    for window in (instance["backup_window"], weekly):
        begin, end = (int(time.partition(":")[0]) for time in window.split("-"))
        closed.update(range(begin - 1, end + 1))
    for rule in rules(terraform[name][Stack.BACKUP], "database").values():
        assert rule["start_window"] == 60
        hour = int(rule["schedule"].removeprefix("cron(0 ").partition(" ")[0])
        assert not closed & {hour, hour + 1}


@EACH_NAME
def test_only_buckets_get_point_in_time_recovery_from_aws_backup(
    terraform: Stacks, name: str
) -> None:
    stack = terraform[name][Stack.BACKUP]
    assert rules(stack, "buckets")["daily"]["enable_continuous_backup"] is True
    assert rules(stack, "database")["daily"]["enable_continuous_backup"] is False


@pytest.mark.parametrize("plan", ["database", "buckets"])
def test_production_backups_survive_the_loss_of_the_region(terraform: Stacks, plan: str) -> None:
    stack = terraform["prod"][Stack.BACKUP]
    (copy,) = rules(stack, plan)["daily"]["copy_action"]
    assert copy["destination_vault_arn"] == "${aws_backup_vault.copy-vault.arn}"
    assert copy["lifecycle"]["delete_after"] == PROD.backup.copy_retention_days
    vault = stack.resource("aws_backup_vault", "copy-vault")
    assert vault["kms_key_arn"] == "${aws_kms_key.copy-key.arn}"
    assert vault["provider"] == stack.resource("aws_kms_key", "copy-key")["provider"] == "aws.copy"
    (elsewhere,) = (p for p in stack.json["provider"]["aws"] if p.get("alias") == "copy")
    assert elsewhere["region"] == PROD.account.backup_copy_region
    assert elsewhere["allowed_account_ids"] == [PROD.account.id]
    assert elsewhere["default_tags"] == stack.json["provider"]["aws"][0]["default_tags"]


def test_an_environment_without_a_copy_region_has_no_copies(daily_only: Terraform) -> None:
    assert len(daily_only.json["provider"]["aws"]) == 1
    assert "copy_action" not in rules(daily_only, "database")["daily"]


@pytest.mark.parametrize("lock", ["vault-lock", "copy-vault-lock"])
def test_production_backups_cannot_be_deleted_early_and_a_person_can_remove_the_lock(
    terraform: Stacks, lock: str
) -> None:
    stack = terraform["prod"][Stack.BACKUP]
    body = stack.resource("aws_backup_vault_lock_configuration", lock)
    assert body["min_retention_days"] >= 28
    assert "changeable_for_days" not in body  # with it, not even AWS can remove the lock


def test_every_rule_keeps_backups_as_long_as_its_vaults_lock_requires(terraform: Stacks) -> None:
    """AWS Backup fails other jobs, and reports it only in the job's own message."""
    stack = terraform["prod"][Stack.BACKUP]
    least = stack.resource("aws_backup_vault_lock_configuration", "vault-lock")
    least_copy = stack.resource("aws_backup_vault_lock_configuration", "copy-vault-lock")
    for plan in ("database", "buckets"):
        for rule in rules(stack, plan).values():
            assert rule["lifecycle"]["delete_after"] >= least["min_retention_days"]
            for copy in rule.get("copy_action", ()):
                assert copy["lifecycle"]["delete_after"] >= least_copy["min_retention_days"]


@EACH_NAME
def test_the_nightly_role_cannot_restore(terraform: Stacks, name: str) -> None:
    stack = terraform[name][Stack.BACKUP]
    role = stack.resource("aws_iam_role", "backup-role")
    used = {s["iam_role_arn"] for s in stack.resources("aws_backup_selection").values()}
    assert used == {"${aws_iam_role.backup-role.arn}"}
    assert "Restore" not in json.dumps(
        [role, stack.resources("aws_iam_role_policy_attachment").get("backup-role", {})]
    )
