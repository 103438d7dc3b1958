"""Encryption keys: one per store, so that losing or sharing one says nothing about the others."""

import constructs

from environments.names import Names
from stacks.aws import KmsAlias, KmsKey
from stacks.iam import Statement, policy


def encryption_key(
    scope: constructs.Construct,
    id_: str,
    *,
    names: Names,
    purpose: str,
    services: tuple[str, ...] = (),
) -> KmsKey:
    """A rotating key named after its purpose, with the account's IAM in charge of it.

    `services` are AWS service principals that use the key in their own name, such as CloudWatch Logs.
    """
    account = names.env.account
    key = KmsKey(
        scope,
        id_,
        description=f"{names.prefix}: {purpose}",
        enable_key_rotation=True,
        deletion_window_in_days=30,
        policy=policy(
            Statement(
                actions=("kms:*",),
                principals={"AWS": f"arn:aws:iam::{account.id}:root"},
            ),
            *(
                Statement(
                    actions=("kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"),
                    principals={"Service": service},
                    conditions={"StringEquals": {"aws:SourceAccount": account.id}},
                )
                for service in services
            ),
        ),
    )
    KmsAlias(
        scope, f"{id_}-alias", name=f"alias/{names.aws(purpose)}", target_key_id=key.key_id
    )
    return key
