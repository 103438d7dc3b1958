"""What a ClickHouse node may do in AWS."""

from environments.names import CLOUDWATCH_NAMESPACE, Bucket, Names, Secret
from stacks.parts.clickhouse_node.settings import BACKUP_PREFIX
from stacks.parts.iam import Statement
from stacks.parts.kms import kms_via_service
from stacks.parts.restore_drill import may_assume_drill_role

_READ = (
    Secret.CLICKHOUSE,
    Secret.CLICKHOUSE_SCHEMA,
    Secret.CLICKHOUSE_READER,
    Secret.CLICKHOUSE_ADMIN,
    Secret.CLICKHOUSE_INTERSERVER,
    Secret.CLICKHOUSE_CA,
    Secret.CLICKHOUSE_CA_KEY,
)
_WRITTEN_BY_FIRST = (Secret.CLICKHOUSE_CA, Secret.CLICKHOUSE_CA_KEY)


def node_statements(
    *,
    names: Names,
    secret_arns: dict[Secret, str],
    secrets_key_arn: str,
    storage_key_arn: str,
    first: bool,
) -> tuple[Statement, ...]:
    """The permissions of a node; only the first makes the private authority and practises restores."""
    return (
        *_secrets(names, secret_arns, secrets_key_arn),
        *(
            (*_authority(names, secret_arns, secrets_key_arn), may_assume_drill_role(names))
            if first
            else ()
        ),
        *_backups(names, storage_key_arn),
        _metrics(),
        _sessions(),
    )


def _secrets(
    names: Names, secret_arns: dict[Secret, str], key_arn: str
) -> tuple[Statement, Statement]:
    return (
        Statement(
            actions=("secretsmanager:GetSecretValue",),
            resources=tuple(secret_arns[secret] for secret in _READ),
        ),
        kms_via_service(names, "secretsmanager", key_arn, "kms:Decrypt"),
    )


def _authority(
    names: Names, secret_arns: dict[Secret, str], key_arn: str
) -> tuple[Statement, Statement]:
    return (
        Statement(
            actions=("secretsmanager:PutSecretValue",),
            resources=tuple(secret_arns[secret] for secret in _WRITTEN_BY_FIRST),
        ),
        kms_via_service(names, "secretsmanager", key_arn, "kms:GenerateDataKey"),
    )


def _backups(names: Names, key_arn: str) -> tuple[Statement, Statement, Statement]:
    bucket = names.bucket_arn(Bucket.BACKUPS)
    return (
        # On the whole bucket: without it S3 returns "forbidden" instead of "not found".
        Statement(actions=("s3:ListBucket",), resources=(bucket,)),
        Statement(
            # Deleting keeps the versions, so an attacker on a node cannot destroy a backup.
            actions=(
                "s3:GetObject",
                "s3:PutObject",
                "s3:DeleteObject",
                "s3:AbortMultipartUpload",
                "s3:ListMultipartUploadParts",
            ),
            resources=(f"{bucket}/{BACKUP_PREFIX}/*",),
        ),
        kms_via_service(names, "s3", key_arn, "kms:Decrypt", "kms:GenerateDataKey"),
    )


def _metrics() -> Statement:
    """The action has no resources, only a namespace (CloudWatch user guide, "Using condition keys")."""
    return Statement(
        actions=("cloudwatch:PutMetricData",),
        conditions={"StringEquals": {"cloudwatch:namespace": CLOUDWATCH_NAMESPACE}},
    )


def _sessions() -> Statement:
    """Session Manager instead of SSH; these actions have no resources.

    AWS's managed policy would also allow reading every SSM parameter of the account.
    """
    return Statement(
        actions=(
            "ssm:UpdateInstanceInformation",
            "ssmmessages:CreateControlChannel",
            "ssmmessages:CreateDataChannel",
            "ssmmessages:OpenControlChannel",
            "ssmmessages:OpenDataChannel",
        ),
    )
