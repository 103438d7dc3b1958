"""What is denied to the roles of GitHub Actions, even if another policy allows it later."""

from environments.names import (
    APPLIED_BY_PEOPLE,
    OPERATORS_SECRETS,
    OPERATORS_SECRETS_READER,
    Bucket,
    DeliveryRole,
    Names,
)
from stacks.parts.iam import Statement
from stacks.parts.kms import SECRETS_KEY_PURPOSE, STATE_KEY_PURPOSE, key_alias

# No deploy needs these actions: they delete data for ever, or share it with another account or an
# unprotected place. If one is necessary, a person does it with another role.
_ALWAYS_DENIED = (
    "backup:DeleteBackupVaultLockConfiguration",
    "backup:DeleteRecoveryPoint",
    "backup:DisassociateRecoveryPoint",
    "backup:PutBackupVaultAccessPolicy",
    "backup:UpdateRecoveryPointLifecycle",
    "ec2:DeleteSnapshot",
    "ec2:ModifyImageAttribute",
    "ec2:ModifySnapshotAttribute",
    "eks:AssociateIdentityProviderConfig",
    "elasticache:DeleteSnapshot",
    "kms:DisableKey",
    "kms:ScheduleKeyDeletion",
    "rds:DeleteDBInstanceAutomatedBackup",
    "rds:DeleteDBSnapshot",
    "rds:ModifyDBSnapshotAttribute",
    "secretsmanager:PutResourcePolicy",
    "secretsmanager:ReplicateSecretToRegions",
)


def deny_deploy(names: Names, *, provider_arn: str) -> tuple[Statement, ...]:
    """Denials of the deploy role, which must not change who can deploy or what a deploy may do."""
    return (
        *_deny_own_rights(names, provider_arn),
        _deny_administrators_states(names),
        *_deny_other_readers(names),
        _deny_new_administrators(names),
        Statement(actions=_ALWAYS_DENIED, deny=True),
    )


def deny_secret_values(resources: tuple[str, ...]) -> tuple[Statement, ...]:
    return (
        Statement(
            actions=(
                "secretsmanager:BatchGetSecretValue",
                "secretsmanager:GetSecretValue",
                "secretsmanager:PutSecretValue",
                "secretsmanager:UpdateSecret",
            ),
            resources=resources,
            deny=True,
        ),
    )


def _deny_own_rights(names: Names, provider_arn: str) -> tuple[Statement, ...]:
    own_roles = tuple(names.role_arn(names.aws(role)) for role in DeliveryRole)
    return (
        Statement(
            actions=(
                "iam:Add*",
                "iam:Attach*",
                "iam:Create*",
                "iam:Delete*",
                "iam:Detach*",
                "iam:PassRole",
                "iam:Put*",
                "iam:Remove*",
                "iam:Set*",
                "iam:Update*",
            ),
            resources=(*own_roles, provider_arn, names.boundary_arn),
            deny=True,
        ),
        Statement(actions=("iam:DeleteRolePermissionsBoundary",), deny=True),
        # Rights of IAM users, which no stack has and nobody would review.
        Statement(
            actions=("iam:*AccessKey*", "iam:*Group*", "iam:*LoginProfile", "iam:*User*"),
            deny=True,
        ),
    )


def _deny_administrators_states(names: Names) -> Statement:
    """A state decides what an administrator's terraform does, and a lock whether it runs."""
    state = names.bucket_arn(Bucket.STATE)
    return Statement(
        actions=("s3:Delete*", "s3:Put*"),
        resources=tuple(f"{state}/{names.state_key(stack)}*" for stack in APPLIED_BY_PEOPLE),
        deny=True,
    )


def _deny_other_readers(names: Names) -> tuple[Statement, ...]:
    """Nobody else reads the operators' secrets: not the deploy role, and no other account.

    The role that may read them and the policies of the keys stay as they are. The keys of secrets
    and states are found by their aliases.
    """
    secrets = tuple(names.secret_arn(secret) for secret in OPERATORS_SECRETS)
    account = names.env.account
    aliases = [key_alias(names, key) for key in (SECRETS_KEY_PURPOSE, STATE_KEY_PURPOSE)]
    return (
        *deny_secret_values(secrets),
        Statement(
            actions=(
                "secretsmanager:DeleteSecret",
                "secretsmanager:RotateSecret",
                "secretsmanager:UpdateSecretVersionStage",
            ),
            resources=secrets,
            deny=True,
        ),
        Statement(
            actions=("iam:DeleteRole", "iam:UpdateAssumeRolePolicy"),
            resources=(names.role_arn(names.aws(OPERATORS_SECRETS_READER)),),
            deny=True,
        ),
        Statement(
            actions=("kms:PutKeyPolicy",),
            conditions={"ForAnyValue:StringEquals": {"kms:ResourceAliases": aliases}},
            deny=True,
        ),
        Statement(
            actions=("kms:DeleteAlias", "kms:UpdateAlias"),
            resources=tuple(
                f"arn:aws:kms:{account.region}:{account.id}:{alias}" for alias in aliases
            ),
            deny=True,
        ),
    )


def _deny_new_administrators(names: Names) -> Statement:
    """No administrators of the cluster except `cluster.admin_role_names`.

    Nodes need none of these actions: EKS adds their access entries.
    """
    roles = [names.role_arn(role) for role in names.env.cluster.admin_role_names]
    return Statement(
        actions=("eks:AssociateAccessPolicy", "eks:CreateAccessEntry", "eks:UpdateAccessEntry"),
        conditions={"StringNotEquals": {"eks:principalArn": roles}},
        deny=True,
    )
