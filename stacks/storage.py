"""Buckets for users' datasets, the platform's reports, and ClickHouse's backups."""

import constructs

from environments.names import Bucket, Stack
from environments.spec import Environment
from stacks import aws
from stacks.base import EnvironmentStack
from stacks.parts.kms import encryption_key
from stacks.parts.s3 import safe_bucket

# A backup of ClickHouse is no longer wanted when the lifecycle rule deletes it. S3 then keeps it for these
# days, as it keeps a backup that somebody deleted early: they are the time to notice that. AWS Backup
# keeps the bucket's days for longer, out of reach of the nodes.
DELETED_BACKUP_DAYS = 7


class StorageStack(EnvironmentStack):
    """Three buckets, encrypted with one key."""

    key_arn: str

    def __init__(self, scope: constructs.Construct, *, env: Environment) -> None:
        super().__init__(scope, Stack.STORAGE, env=env)
        key = encryption_key(self, "key", names=self.names, purpose="storage")
        self._bucket(Bucket.DATASETS, key, expire_after_days=None)
        self._bucket(Bucket.REPORTS, key, expire_after_days=env.storage.report_retention_days)
        self._bucket(
            Bucket.BACKUPS,
            key,
            expire_after_days=env.clickhouse.backup_retention_days,
            noncurrent_days=DELETED_BACKUP_DAYS,
        )

        self.key_arn = key.arn

    def _bucket(
        self,
        bucket: Bucket,
        key: aws.KmsKey,
        *,
        expire_after_days: int | None,
        noncurrent_days: int | None = None,
    ) -> None:
        safe_bucket(
            self,
            bucket,
            names=self.names,
            bucket=bucket,
            key_arn=key.arn,
            access_log_bucket=self.names.bucket(Bucket.ACCESS_LOGS),
            expire_after_days=expire_after_days,
            noncurrent_days=noncurrent_days,
        )
