"""How long each bucket keeps its objects."""

from environments.names import Bucket, Stack
from environments.spec import Environment
from tests.support.each_environment import EACH_ENVIRONMENT
from tests.support.terraform import Body, Stacks, Terraform


def expiration(stack: Terraform, bucket: Bucket, kind: str = "expiration") -> Body:
    (rule,) = stack.resource("aws_s3_bucket_lifecycle_configuration", f"{bucket}-lifecycle")["rule"]
    (found,) = rule[kind]
    assert isinstance(found, dict)
    return found


@EACH_ENVIRONMENT
def test_datasets_stay_until_their_owner_deletes_them(terraform: Stacks, env: Environment) -> None:
    stack = terraform[env.name][Stack.STORAGE]
    assert expiration(stack, Bucket.DATASETS) == {"expired_object_delete_marker": True}


@EACH_ENVIRONMENT
def test_reports_and_clickhouse_backups_expire_as_configured(
    terraform: Stacks, env: Environment
) -> None:
    stack = terraform[env.name][Stack.STORAGE]
    assert expiration(stack, Bucket.REPORTS) == {"days": env.storage.report_retention_days}
    assert expiration(stack, Bucket.BACKUPS) == {"days": env.clickhouse.backup_retention_days}


@EACH_ENVIRONMENT
def test_an_expired_clickhouse_backup_is_gone_after_a_week(
    terraform: Stacks, env: Environment
) -> None:
    stack = terraform[env.name][Stack.STORAGE]
    kept = {
        bucket: expiration(stack, bucket, "noncurrent_version_expiration")["noncurrent_days"]
        for bucket in (Bucket.DATASETS, Bucket.REPORTS, Bucket.BACKUPS)
    }
    as_configured = env.storage.noncurrent_version_retention_days
    assert kept == {
        Bucket.DATASETS: as_configured,
        Bucket.REPORTS: as_configured,
        Bucket.BACKUPS: 7,
    }


@EACH_ENVIRONMENT
def test_one_rotating_key_encrypts_the_three_buckets(terraform: Stacks, env: Environment) -> None:
    stack = terraform[env.name][Stack.STORAGE]
    assert stack.only("aws_kms_key")["enable_key_rotation"] is True
    assert set(stack.resources("aws_s3_bucket")) == {
        Bucket.DATASETS,
        Bucket.REPORTS,
        Bucket.BACKUPS,
    }
