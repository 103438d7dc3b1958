"""Buckets that are safe by construction: private, encrypted, versioned, TLS only, with a lifecycle."""

import cdktf
import constructs

from environments.names import Bucket, Names
from stacks import aws
from stacks.parts.iam import Conditions, Statement, policy

UNFINISHED_UPLOAD_DAYS = 7  # parts of an unfinished upload are not listed and cost money


def safe_bucket(
    scope: constructs.Construct,
    id_: str,
    *,
    names: Names,
    bucket: Bucket,
    key_arn: str | None,
    access_log_bucket: str | None,
    expire_after_days: int | None,
    noncurrent_days: int | None = None,
    statements: tuple[Statement, ...] = (),
) -> tuple[aws.S3Bucket, aws.S3BucketPolicy]:
    """A private bucket whose overwritten objects can be restored for a time.

    `key_arn` None encrypts with S3's own key, for senders that cannot use KMS. `access_log_bucket`
    None is for the bucket that holds the access logs. `expire_after_days` None keeps objects until
    somebody deletes them. `noncurrent_days` None keeps overwritten and deleted objects for the days of the
    environment. `statements` are added to the bucket policy. The policy is returned for
    resources that need its permissions and must depend on it.
    """
    created = aws.S3Bucket(scope, id_, bucket=names.bucket(bucket), force_destroy=False)
    versioning = aws.S3BucketVersioningA(
        scope,
        f"{id_}-versioning",
        bucket=created.bucket,
        versioning_configuration=aws.S3BucketVersioningVersioningConfiguration(status="Enabled"),
    )
    _encrypt(scope, id_, created, key_arn)
    arn = names.bucket_arn(bucket)
    bucket_policy = aws.S3BucketPolicy(
        scope,
        f"{id_}-policy",
        bucket=created.bucket,
        policy=policy(*_tls_only(arn), *_key_only(arn, key_arn), *statements),
        depends_on=[_block_public_access(scope, id_, created)],
    )
    _lifecycle(
        scope,
        id_,
        created,
        expire_after_days=expire_after_days,
        noncurrent_days=noncurrent_days or names.env.storage.noncurrent_version_retention_days,
        after=versioning,
    )
    if access_log_bucket is not None:
        aws.S3BucketLoggingA(
            scope,
            f"{id_}-access-log",
            bucket=created.bucket,
            target_bucket=access_log_bucket,
            target_prefix=f"s3/{bucket}/",
        )
    return created, bucket_policy


def _encrypt(
    scope: constructs.Construct, id_: str, bucket: aws.S3Bucket, key_arn: str | None
) -> None:
    aws.S3BucketServerSideEncryptionConfigurationA(
        scope,
        f"{id_}-encryption",
        bucket=bucket.bucket,
        rule=[
            aws.S3BucketServerSideEncryptionConfigurationRuleA(
                apply_server_side_encryption_by_default=aws.S3BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultA(
                    sse_algorithm="AES256" if key_arn is None else "aws:kms",
                    kms_master_key_id=key_arn,
                ),
                # One KMS call for many objects instead of one for each object.
                bucket_key_enabled=None if key_arn is None else True,
            )
        ],
    )


def _block_public_access(
    scope: constructs.Construct, id_: str, bucket: aws.S3Bucket
) -> cdktf.ITerraformDependable:
    owned = aws.S3BucketOwnershipControls(
        scope,
        f"{id_}-ownership",
        bucket=bucket.bucket,
        rule=aws.S3BucketOwnershipControlsRule(object_ownership="BucketOwnerEnforced"),
    )
    # S3 refuses two of these changes at once: ownership, this block and the policy follow in order.
    return aws.S3BucketPublicAccessBlock(
        scope,
        f"{id_}-public-access-block",
        bucket=bucket.bucket,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        depends_on=[owned],
    )


def _tls_only(arn: str) -> tuple[Statement, ...]:
    return (
        _deny(("s3:*",), (arn, f"{arn}/*"), {"Bool": {"aws:SecureTransport": "false"}}),
        _deny(("s3:*",), (arn, f"{arn}/*"), {"NumericLessThan": {"s3:TlsVersion": "1.2"}}),
    )


def _key_only(arn: str, key_arn: str | None) -> tuple[Statement, ...]:
    """Denies an upload that requests another encryption than the bucket's.

    Without `Null`, a missing header would count as not equal, and it means the bucket's encryption.
    """
    if key_arn is None:
        return ()
    return tuple(
        _deny(
            ("s3:PutObject",),
            (f"{arn}/*",),
            {"StringNotEquals": {header: required}, "Null": {header: "false"}},
        )
        for header, required in (
            ("s3:x-amz-server-side-encryption", "aws:kms"),
            ("s3:x-amz-server-side-encryption-aws-kms-key-id", key_arn),
        )
    )


def _deny(
    actions: tuple[str, ...], resources: tuple[str, ...], conditions: Conditions
) -> Statement:
    return Statement(
        actions=actions,
        resources=resources,
        principals={"AWS": "*"},
        conditions=conditions,
        deny=True,
    )


def _lifecycle(
    scope: constructs.Construct,
    id_: str,
    bucket: aws.S3Bucket,
    *,
    expire_after_days: int | None,
    noncurrent_days: int,
    after: cdktf.ITerraformDependable,
) -> None:
    aws.S3BucketLifecycleConfiguration(
        scope,
        f"{id_}-lifecycle",
        bucket=bucket.bucket,
        rule=[
            aws.S3BucketLifecycleConfigurationRule(
                id="tidy",
                status="Enabled",
                filter=[aws.S3BucketLifecycleConfigurationRuleFilter(prefix="")],
                expiration=[_expiration(expire_after_days)],
                noncurrent_version_expiration=[
                    aws.S3BucketLifecycleConfigurationRuleNoncurrentVersionExpiration(
                        noncurrent_days=noncurrent_days
                    )
                ],
                abort_incomplete_multipart_upload=[
                    aws.S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload(
                        days_after_initiation=UNFINISHED_UPLOAD_DAYS
                    )
                ],
            )
        ],
        depends_on=[after],
    )


def _expiration(days: int | None) -> aws.S3BucketLifecycleConfigurationRuleExpiration:
    if days is None:
        # The delete marker of an object whose versions have expired.
        return aws.S3BucketLifecycleConfigurationRuleExpiration(expired_object_delete_marker=True)
    return aws.S3BucketLifecycleConfigurationRuleExpiration(days=days)
