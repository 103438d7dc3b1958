"""What the platform's own pods may do in AWS: read datasets and write reports."""

from environments.names import Bucket, Names
from stacks.parts.iam import Statement
from stacks.parts.kms import kms_via_service

_READ = ("s3:GetObject",)
_WRITE = ("s3:PutObject", "s3:AbortMultipartUpload")


def orchestrator(names: Names, *, storage_key_arn: str) -> tuple[Statement, ...]:
    """Stores datasets and reads reports."""
    return (
        _objects(names, Bucket.DATASETS, *_READ, *_WRITE),
        _objects(names, Bucket.REPORTS, *_READ),
        _listing(names, Bucket.DATASETS, Bucket.REPORTS),
        _key(names, storage_key_arn),
    )


def worker(names: Names, *, storage_key_arn: str) -> tuple[Statement, ...]:
    """Writes reports, and cannot read those of other runs. Its jobs hold their cases."""
    return (
        _objects(names, Bucket.REPORTS, *_WRITE),
        _key(names, storage_key_arn),
    )


def _objects(names: Names, bucket: Bucket, *actions: str) -> Statement:
    return Statement(actions=actions, resources=(f"{names.bucket_arn(bucket)}/*",))


def _listing(names: Names, *buckets: Bucket) -> Statement:
    # Without it S3 returns 403 instead of 404 for a missing object.
    return Statement(
        actions=("s3:ListBucket",),
        resources=tuple(names.bucket_arn(bucket) for bucket in buckets),
    )


def _key(names: Names, key_arn: str) -> Statement:
    # A multipart upload also needs to decrypt.
    return kms_via_service(names, "s3", key_arn, "kms:Decrypt", "kms:GenerateDataKey")
