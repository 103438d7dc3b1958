"""Encryption keys: one per store, so that losing or sharing one does not affect the others."""

import constructs

from environments.names import Names
from stacks import aws
from stacks.parts.iam import Conditions, Statement, policy

# Of the keys that other stacks' policies find by their alias.
SECRETS_KEY_PURPOSE = "secrets"
STATE_KEY_PURPOSE = "state"


def key_alias(names: Names, purpose: str) -> str:
    """The alias of the key with this purpose."""
    return f"alias/{names.aws(purpose)}"


def encryption_key(
    scope: constructs.Construct,
    id_: str,
    *,
    names: Names,
    purpose: str,
    description: str | None = None,
    for_logs: bool = False,
    provider: aws.AwsProvider | None = None,
) -> aws.KmsKey:
    """A rotating key named after its purpose; the account's IAM policies decide who may use it.

    `for_logs` lets CloudWatch Logs encrypt this account's log groups with it. `provider` makes the
    key in another region than the stack's.
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
        provider=provider,
        description=f"{names.prefix}: {description or purpose}",
        enable_key_rotation=True,
        deletion_window_in_days=30,
        policy=policy(*statements),
    )
    aws.KmsAlias(
        scope,
        f"{id_}-alias",
        provider=provider,
        name=key_alias(names, purpose),
        target_key_id=key.key_id,
    )
    return key


def kms_via_service(
    names: Names, service: str, key_arn: str, *actions: str, conditions: Conditions | None = None
) -> Statement:
    """Use of a key through one AWS service and in no other way, for policies of roles."""
    region = names.env.account.region
    through: Conditions = {"StringEquals": {"kms:ViaService": f"{service}.{region}.amazonaws.com"}}
    return Statement(actions=actions, resources=(key_arn,), conditions=through | (conditions or {}))


def _log_encryption(names: Names) -> Statement:
    """As CloudWatch Logs documents it ("Encrypt log data"): limited to the account's log groups."""
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
