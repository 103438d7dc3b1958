"""What is denied to the roles of GitHub Actions, even if another policy allows it later."""

from environments.names import (
    APPLIED_BY_PEOPLE,
    OPERATORS_SECRETS,
    OPERATORS_SECRETS_READER,
    STATE_STACKS_BUCKETS,
    Bucket,
    Names,
    delivery_roles,
)
from stacks.parts.iam import Statement
from stacks.parts.kms import key_alias

# No deploy needs these actions: they delete data for ever, share or export it, lock it so that nobody
# can delete it, or make administrators of the cluster. If one is necessary, a person does it with
# another role. The services' actions are those of AWS's service authorization reference; a test goes
# through them (tests/stacks/test_delivery.py).
_ALWAYS_DENIED = (
    "backup:CancelLegalHold",
    "backup:CopyFromBackupVault",
    "backup:CreateBackupAccessPoint",
    "backup:CreateLogicallyAirGappedBackupVault",
    "backup:CreateRestoreAccessBackupVault",
    "backup:DeleteBackupVault*Policy",
    "backup:DeleteBackupVaultLockConfiguration",
    "backup:DeleteRecoveryPoint",
    "backup:DisassociateRecoveryPoint*",
    "backup:PutBackupVault*Policy",
    "backup:StartCopyJob",
    "backup:UpdateRecoveryPointLifecycle",
    "ec2:Create*Permission",
    "ec2:CreateInstanceExportTask",
    "ec2:CreateStoreImageTask",
    "ec2:DeleteSnapshot",
    "ec2:Export*",
    "ec2:LockSnapshot",
    "ec2:Modify*ImageAttribute",
    "ec2:ModifySnapshotAttribute",
    "ec2:ModifyVpcEndpointServicePermissions",
    "ecr:BatchDeleteImage",
    "ecr:PutRegistryPolicy",
    "ecr:PutReplicationConfiguration",
    "ecr:SetRepositoryPolicy",
    "eks:AssociateIdentityProviderConfig",
    "eks:CreateCapability",
    "elasticache:CopySnapshot",
    "elasticache:Delete*Snapshot",
    "elasticache:Export*",
    "kms:DeleteImportedKeyMaterial",
    "kms:DisableKey",
    "kms:ReplicateKey",
    "kms:ScheduleKeyDeletion",
    "logs:CreateDelivery",
    "logs:CreateExportTask",
    "logs:DeleteLogStream",
    "logs:Link",
    "logs:PutAccountPolicy",
    "logs:Put*DestinationPolicy",
    "logs:PutSubscriptionFilter",
    "rds:CreateIntegration",
    "rds:DeleteDB*AutomatedBackup",
    "rds:DeleteDB*Snapshot",
    "rds:ModifyDB*SnapshotAttribute",
    "rds:StartExportTask",
    "s3:PutBucketObjectLockConfiguration",
    "s3:PutReplicationConfiguration",
    "secretsmanager:PutResourcePolicy",
    "secretsmanager:ReplicateSecretToRegions",
)


def deny_deploy(names: Names, *, provider_arn: str) -> tuple[Statement, ...]:
    """Denials of the deploy role, which must not change who can deploy or what a deploy may do."""
    return (
        *_deny_own_rights(names, provider_arn),
        _deny_administrators_stacks(names),
        *_deny_other_readers(names),
        *_deny_other_users_of_keys(names),
        *_deny_new_administrators(names),
        *_deny_what_nobody_can_undo(),
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
    own_roles = tuple(names.role_arn(names.aws(role)) for role in delivery_roles(names.env))
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


def _deny_administrators_stacks(names: Names) -> Statement:
    """The state stack's buckets, and the states and locks of the stacks that people apply.

    A state decides what an administrator's terraform does, and a lock whether it runs.
    """
    state = names.bucket_arn(Bucket.STATE)
    return Statement(
        actions=("s3:CreateBucket", "s3:Delete*", "s3:Put*"),
        resources=(
            *(names.bucket_arn(bucket) for bucket in STATE_STACKS_BUCKETS),
            *(f"{state}/{names.state_key(stack)}*" for stack in APPLIED_BY_PEOPLE),
        ),
        deny=True,
    )


def _deny_other_readers(names: Names) -> tuple[Statement, ...]:
    """Nobody else reads the operators' secrets: not the deploy role, and no other account.

    The role that may read them stays as it is.
    """
    secrets = tuple(names.secret_arn(secret) for secret in OPERATORS_SECRETS)
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
    )


def _deny_other_users_of_keys(names: Names) -> tuple[Statement, ...]:
    """The policies of the platform's keys, in every region, stay as they were when they were made.

    A policy finds a key by its alias, so aliases stay too. A new key has none yet: KMS makes it only if
    its maker may change its policy later (API reference, CreateKey). Only AWS services get grants.
    """
    aliases = key_alias(names, "*")
    return (
        Statement(
            actions=("kms:PutKeyPolicy",),
            conditions={"ForAnyValue:StringLike": {"kms:ResourceAliases": aliases}},
            deny=True,
        ),
        Statement(
            actions=("kms:DeleteAlias", "kms:UpdateAlias"),
            resources=(f"arn:aws:kms:*:{names.env.account.id}:{aliases}",),
            deny=True,
        ),
        Statement(
            actions=("kms:CreateGrant",),
            conditions={"BoolIfExists": {"kms:GrantIsForAWSResource": "false"}},
            deny=True,
        ),
    )


def _deny_new_administrators(names: Names) -> tuple[Statement, ...]:
    """No administrators of the cluster except `cluster.admin_role_names`.

    EKS also makes the creator of a cluster its administrator, unless the request refuses it. Nodes need
    none of these actions: EKS adds their access entries.
    """
    roles = [names.role_arn(role) for role in names.env.cluster.admin_role_names]
    return (
        Statement(
            actions=("eks:AssociateAccessPolicy", "eks:CreateAccessEntry", "eks:UpdateAccessEntry"),
            conditions={"StringNotEquals": {"eks:principalArn": roles}},
            deny=True,
        ),
        Statement(
            actions=("eks:CreateCluster",),
            conditions={"BoolIfExists": {"eks:bootstrapClusterCreatorAdminPermissions": "true"}},
            deny=True,
        ),
    )


def _deny_what_nobody_can_undo() -> tuple[Statement, ...]:
    """A vault's lock in compliance mode, and a secret's deletion without a waiting period."""
    return (
        Statement(
            actions=("backup:PutBackupVaultLockConfiguration",),
            conditions={"Null": {"backup:ChangeableForDays": "false"}},
            deny=True,
        ),
        Statement(
            actions=("secretsmanager:DeleteSecret",),
            conditions={"Bool": {"secretsmanager:ForceDeleteWithoutRecovery": "true"}},
            deny=True,
        ),
    )
