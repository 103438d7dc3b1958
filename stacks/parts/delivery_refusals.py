"""What the roles of GitHub Actions are refused, even if another policy should one day allow it."""

from environments.names import OPERATORS_SECRETS, Names
from stacks.parts.iam import Statement
from stacks.parts.kms import SECRETS_KEY_PURPOSE, STATE_KEY_PURPOSE, key_alias
from stacks.parts.permissions_boundary import OPERATORS_READER

# What no deploy needs: losing what nothing brings back, and handing data to another account or to
# where it is not guarded. A person with another role does it, when it must be.
_NEVER_NEEDED = (
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


def never(names: Names, *, provider_arn: str) -> tuple[Statement, ...]:
    """What a deploy must not do: who can deploy must not decide who can deploy, nor what that allows."""
    return (
        *_no_other_rights(names, provider_arn),
        *_no_other_readers(names),
        _no_administrators(names),
        Statement(actions=_NEVER_NEEDED, deny=True),
    )


def no_secret_values(resources: tuple[str, ...]) -> tuple[Statement, ...]:
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


def _no_other_rights(names: Names, provider_arn: str) -> tuple[Statement, ...]:
    own_roles = tuple(names.role_arn(names.aws(role)) for role in ("plan", "inspect", "deploy"))
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
        # Rights without a role that somebody reviews.
        Statement(
            actions=("iam:*AccessKey*", "iam:*Group*", "iam:*LoginProfile", "iam:*User*"),
            deny=True,
        ),
    )


def _no_other_readers(names: Names) -> tuple[Statement, ...]:
    """Of the operators' secrets: not itself, not another account, not by the role that may.

    Nor by the policies of the keys of secrets and states, which their aliases find.
    """
    secrets = tuple(names.secret_arn(secret) for secret in OPERATORS_SECRETS)
    account = names.env.account
    aliases = [key_alias(names, key) for key in (SECRETS_KEY_PURPOSE, STATE_KEY_PURPOSE)]
    return (
        *no_secret_values(secrets),
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
            resources=(names.role_arn(names.aws(OPERATORS_READER)),),
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


def _no_administrators(names: Names) -> Statement:
    """Of the cluster, but those of `cluster.admin_role_names`. EKS itself lets its nodes in."""
    roles = [names.role_arn(role) for role in names.env.cluster.admin_role_names]
    return Statement(
        actions=("eks:AssociateAccessPolicy", "eks:CreateAccessEntry", "eks:UpdateAccessEntry"),
        conditions={"StringNotEquals": {"eks:principalArn": roles}},
        deny=True,
    )
