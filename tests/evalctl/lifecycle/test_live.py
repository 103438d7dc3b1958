"""`evalctl checklist --live` on an emulated AWS: each answer has its source, and changes with what is there."""

import json

import pytest

from environments.dev import DEV
from evalctl.lifecycle import live
from evalctl.lifecycle.identity import Kubectl
from evalctl.processes import Command
from evalctl.rehearsal.emulator import EmulatedAws
from tests.evalctl.lifecycle.conftest import NAMES

# The group of the other tests that share this emulated account.
pytestmark = [pytest.mark.rehearsal, pytest.mark.xdist_group("bootstrap")]


@pytest.fixture
def account(aws: EmulatedAws, monkeypatch: pytest.MonkeyPatch) -> EmulatedAws:
    for name, value in aws.environment.items():
        monkeypatch.setenv(name, value)
    return aws


def answer(about: str) -> live.Answer:
    """One answer; what comes after it is not read."""
    return next(each for each in live.from_aws(NAMES) if each.about == about)


def test_an_account_without_entries_and_certificate_fails(account: EmulatedAws) -> None:
    found = {each.about: each for each in live.from_aws(NAMES)}
    entry = found["the entry dev/eval-platform/llm-keys"]
    assert not entry.holds
    assert entry.source == "AWS Secrets Manager"
    assert "ResourceNotFoundException" in entry.found
    assert not found["the certificate"].holds
    assert not found["the database"].holds
    assert {each.source for each in found.values()} == {
        *("AWS EKS", "AWS RDS", "AWS Secrets Manager", "AWS ACM", "AWS Service Quotas")
    }


def test_what_people_fill_in_is_found(account: EmulatedAws) -> None:
    secrets = account.client("secretsmanager")
    name = "dev/eval-platform/slack-webhooks"
    secrets.create_secret(Name=name)
    assert answer(f"the entry {name}").found == "it has no value (docs/secrets.md)"
    secrets.put_secret_value(SecretId=name, SecretString="{}")
    assert answer(f"the entry {name}").holds
    secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)


def test_the_database_is_compared_with_the_value(account: EmulatedAws) -> None:
    rds = account.client("rds")
    instance = NAMES.aws("postgres")
    rds.create_db_instance(
        DBInstanceIdentifier=instance,
        DBInstanceClass=DEV.database.instance_class,
        Engine="postgres",
        AllocatedStorage=DEV.database.storage_gib,
        MasterUsername="eval_admin",
        MasterUserPassword="not-a-real-one",
        BackupRetentionPeriod=DEV.database.backup_retention_days,
        StorageEncrypted=True,
        MultiAZ=DEV.database.multi_az,
        DeletionProtection=DEV.database.deletion_protection,
    )
    assert answer("the database").holds, answer("the database")
    rds.modify_db_instance(DBInstanceIdentifier=instance, BackupRetentionPeriod=1)
    assert not answer("the database").holds
    rds.delete_db_instance(DBInstanceIdentifier=instance, SkipFinalSnapshot=True)


@pytest.mark.parametrize(("sync", "holds"), [("Synced", True), ("OutOfSync", False)])
def test_each_application_must_be_in_sync(
    monkeypatch: pytest.MonkeyPatch, sync: str, holds: bool
) -> None:
    status = {"sync": {"status": sync}, "health": {"status": "Healthy"}}
    listed = {"items": [{"metadata": {"name": "worker"}, "status": status}]}

    def read(command: Command) -> object:
        assert command[:3] == ("kubectl", "--context", "here")
        assert "get" in command
        return json.loads(json.dumps(listed))

    monkeypatch.setattr(live, "json_output", read)
    (answer,) = live.from_cluster(Kubectl("here"))
    assert answer.holds is holds
    assert answer.source == "the API of here"
