"""Encryption keys: one per store, so that losing or sharing one says nothing about the others."""

import constructs

from environments.names import Names
from stacks import aws
from stacks.parts.iam import Statement, policy


def encryption_key(
    scope: constructs.Construct,
    id_: str,
    *,
    names: Names,
    purpose: str,
    for_logs: bool = False,
) -> aws.KmsKey:
    """A rotating key named after its purpose, with the account's IAM in charge of it.

    `for_logs` lets CloudWatch Logs encrypt this account's log groups with it.
    """
    statements = [
        Statement(
            actions=("kms:*",),
            principals={"AWS": f"arn:aws:iam::{names.env.account.id}:root"},
        )
    ]
    if for_logs:
        statements.append(_log_encryption(names))
    key = aws.KmsKey(
        scope,
        id_,
        description=f"{names.prefix}: {purpose}",
        enable_key_rotation=True,
        deletion_window_in_days=30,
        policy=policy(*statements),
    )
    aws.KmsAlias(
        scope, f"{id_}-alias", name=f"alias/{names.aws(purpose)}", target_key_id=key.key_id
    )
    return key


def _log_encryption(names: Names) -> Statement:
    """As CloudWatch Logs documents it ("Encrypt log data"): bound by the log group's ARN."""
    account = names.env.account
    return Statement(
        actions=(
            "kms:Encrypt",
            "kms:Decrypt",
            "kms:ReEncrypt*",
            "kms:GenerateDataKey*",
            "kms:DescribeKey",
        ),
        principals={"Service": f"logs.{account.region}.amazonaws.com"},
        conditions={
            "ArnLike": {
                "kms:EncryptionContext:aws:logs:arn": (
                    f"arn:aws:logs:{account.region}:{account.id}:log-group:*"
                )
            }
        },
    )
