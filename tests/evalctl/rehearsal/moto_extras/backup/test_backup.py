"""AWS Backup: plans, selections, recovery points, vault locks and tags."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.evalctl.rehearsal.moto_extras.conftest import ROLE, Client

SELECTION = {
    "SelectionName": "database",
    "IamRoleArn": ROLE,
    "Resources": ["arn:aws:rds:eu-central-1:123456789012:db:demo"],
}


def plan(*, days: int = 35) -> dict[str, Any]:
    copy = {
        "DestinationBackupVaultArn": "arn:aws:backup:eu-west-1:123456789012:backup-vault:copies",
        "Lifecycle": {"DeleteAfterDays": 90},
    }
    rule = {
        "RuleName": "daily",
        "TargetBackupVaultName": "vault",
        "ScheduleExpression": "cron(0 1 * * ? *)",
        "Lifecycle": {"DeleteAfterDays": days},
        "CopyActions": [copy],
    }
    return {"BackupPlanName": "nightly", "Rules": [rule]}


@pytest.fixture
def plan_id(client: Client) -> str:
    created = client("backup").create_backup_plan(
        BackupPlan=plan(), BackupPlanTags={"Owner": "platform"}
    )
    return str(created["BackupPlanId"])


@pytest.fixture
def selection_id(client: Client, plan_id: str) -> str:
    created = client("backup").create_backup_selection(
        BackupPlanId=plan_id, BackupSelection=SELECTION
    )
    return str(created["SelectionId"])


def test_a_selection_reads_back_what_it_was_created_with(
    client: Client, plan_id: str, selection_id: str
) -> None:
    backup = client("backup")
    found = backup.get_backup_selection(BackupPlanId=plan_id, SelectionId=selection_id)
    assert found["BackupSelection"] == SELECTION
    listed = backup.list_backup_selections(BackupPlanId=plan_id)["BackupSelectionsList"]
    assert [(each["SelectionId"], each["SelectionName"]) for each in listed] == [
        (selection_id, "database")
    ]


@pytest.mark.usefixtures("selection_id")
def test_a_selections_name_is_unique_within_its_plan(client: Client, plan_id: str) -> None:
    with pytest.raises(ClientError, match="AlreadyExistsException"):
        client("backup").create_backup_selection(BackupPlanId=plan_id, BackupSelection=SELECTION)


def test_a_selection_needs_a_role(client: Client, plan_id: str) -> None:
    with pytest.raises(ClientError, match="InvalidParameterValueException"):
        client("backup").create_backup_selection(
            BackupPlanId=plan_id, BackupSelection=SELECTION | {"IamRoleArn": "backup"}
        )


def test_a_plan_with_selections_cannot_be_deleted(
    client: Client, plan_id: str, selection_id: str
) -> None:
    backup = client("backup")
    with pytest.raises(ClientError, match="InvalidRequestException"):
        backup.delete_backup_plan(BackupPlanId=plan_id)
    backup.delete_backup_selection(BackupPlanId=plan_id, SelectionId=selection_id)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        backup.get_backup_selection(BackupPlanId=plan_id, SelectionId=selection_id)
    backup.delete_backup_plan(BackupPlanId=plan_id)
    assert backup.list_backup_plans()["BackupPlansList"] == []


def test_a_plan_can_be_created_again_after_its_deletion(client: Client, plan_id: str) -> None:
    backup = client("backup")
    backup.delete_backup_plan(BackupPlanId=plan_id)
    again = backup.create_backup_plan(BackupPlan=plan())
    assert again["BackupPlanId"] != plan_id
    assert "DeletionDate" in backup.get_backup_plan(BackupPlanId=plan_id)


def test_the_name_of_an_existing_plan_is_refused(client: Client, plan_id: str) -> None:
    with pytest.raises(ClientError, match="AlreadyExistsException"):
        client("backup").create_backup_plan(BackupPlan=plan())


def test_an_updated_plan_keeps_its_id(client: Client, plan_id: str) -> None:
    backup = client("backup")
    before = backup.get_backup_plan(BackupPlanId=plan_id)
    updated = backup.update_backup_plan(BackupPlanId=plan_id, BackupPlan=plan(days=7))
    assert updated["BackupPlanId"] == plan_id
    after = backup.get_backup_plan(BackupPlanId=plan_id)
    assert after["VersionId"] != before["VersionId"]
    rule = after["BackupPlan"]["Rules"][0]
    assert rule["Lifecycle"]["DeleteAfterDays"] == 7
    assert rule["CopyActions"][0]["Lifecycle"]["DeleteAfterDays"] == 90


def test_tags_of_plans_and_vaults_are_found_by_arn(client: Client, plan_id: str) -> None:
    backup = client("backup")
    plan_arn = backup.get_backup_plan(BackupPlanId=plan_id)["BackupPlanArn"]
    assert backup.list_tags(ResourceArn=plan_arn)["Tags"] == {"Owner": "platform"}
    vault = backup.create_backup_vault(BackupVaultName="vault", BackupVaultTags={"a": "1"})
    assert backup.list_tags(ResourceArn=vault["BackupVaultArn"])["Tags"] == {"a": "1"}


@pytest.fixture
def point(client: Client) -> str:
    """A recovery point in the vault `full`, as its ARN."""
    backup = client("backup")
    backup.create_backup_vault(BackupVaultName="full")
    (resource,) = SELECTION["Resources"]
    started = backup.start_backup_job(BackupVaultName="full", ResourceArn=resource, IamRoleArn=ROLE)
    return str(started["RecoveryPointArn"])


def test_a_vault_with_recovery_points_cannot_be_deleted(client: Client, point: str) -> None:
    backup = client("backup")
    with pytest.raises(ClientError, match="InvalidRequestException"):
        backup.delete_backup_vault(BackupVaultName="full")
    backup.delete_recovery_point(BackupVaultName="full", RecoveryPointArn=point)
    backup.delete_backup_vault(BackupVaultName="full")
    assert backup.list_backup_vaults()["BackupVaultList"] == []


def test_a_recovery_point_belongs_to_one_vault(client: Client, point: str) -> None:
    backup = client("backup")
    backup.create_backup_vault(BackupVaultName="empty")

    def held_by(vault: str) -> list[str]:
        listed = backup.list_recovery_points_by_backup_vault(BackupVaultName=vault)
        return [each["RecoveryPointArn"] for each in listed["RecoveryPoints"]]

    assert (held_by("full"), held_by("empty")) == ([point], [])
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        backup.delete_recovery_point(BackupVaultName="empty", RecoveryPointArn=point)


def test_a_locked_vault_refuses_to_delete_recovery_points_until_it_is_unlocked(
    client: Client, point: str
) -> None:
    backup = client("backup")
    backup.put_backup_vault_lock_configuration(BackupVaultName="full", MinRetentionDays=7)
    with pytest.raises(ClientError, match="InvalidRequestException"):
        backup.delete_recovery_point(BackupVaultName="full", RecoveryPointArn=point)
    backup.delete_backup_vault_lock_configuration(BackupVaultName="full")
    backup.delete_recovery_point(BackupVaultName="full", RecoveryPointArn=point)
