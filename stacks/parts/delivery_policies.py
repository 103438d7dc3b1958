"""What the three roles of GitHub Actions may do in the account: read settings, compare, or deploy."""

from environments.names import OPERATORS_SECRETS, Bucket, Names, Secret
from stacks.parts.delivery_refusals import never, no_secret_values
from stacks.parts.iam import Statement, regions
from stacks.parts.kms import SECRETS_KEY_PURPOSE, STATE_KEY_PURPOSE, key_alias, kms_via_service

# Terraform makes the entries of these, and the ClickHouse nodes what is in them.
_NODES_SECRETS = (Secret.CLICKHOUSE_CA, Secret.CLICKHOUSE_CA_KEY)
_TERRAFORMS_SECRETS = tuple(
    secret for secret in Secret if secret not in (*OPERATORS_SECRETS, *_NODES_SECRETS)
)

# What Terraform's provider calls to read the resources of the stacks; no object, log line, image or
# secret value is among it.
_READ = (
    "autoscaling:Describe*",
    "backup:Describe*",
    "backup:GetBackupPlan",
    "backup:GetBackupSelection",
    "backup:GetBackupVault*",
    "backup:List*",
    "cloudformation:Describe*",
    "cloudformation:GetTemplate",
    "ec2:Describe*",
    "ecr:Describe*",
    "ecr:GetLifecyclePolicy",
    "ecr:GetRepositoryPolicy",
    "ecr:ListTagsForResource",
    "eks:Describe*",
    "eks:List*",
    "elasticache:Describe*",
    "elasticache:ListTagsForResource",
    "iam:Get*",
    "iam:List*",
    "kms:DescribeKey",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:List*",
    "logs:Describe*",
    "logs:ListTagsForResource",
    "rds:Describe*",
    "rds:ListTagsForResource",
    "route53:Get*",
    "route53:List*",
    "s3:GetAccelerateConfiguration",
    "s3:GetBucket*",
    "s3:GetEncryptionConfiguration",
    "s3:GetLifecycleConfiguration",
    "s3:GetReplicationConfiguration",
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetRandomPassword",
    "secretsmanager:GetResourcePolicy",
    "secretsmanager:ListSecretVersionIds",
)
_REGIONAL_SERVICES = (
    "autoscaling:*",
    "backup:*",
    "backup-storage:*",
    "cloudformation:*",
    "ec2:*",
    "ecr:*",
    "eks:*",
    "elasticache:*",
    "kms:*",
    "logs:*",
    "rds:*",
    "secretsmanager:*",
)
_PASSED_TO = (
    "backup.amazonaws.com",
    "ec2.amazonaws.com",
    "eks.amazonaws.com",
    "monitoring.rds.amazonaws.com",
    "pods.eks.amazonaws.com",
    "vpc-flow-logs.amazonaws.com",
)
_LINKED_SERVICES = (
    "autoscaling.amazonaws.com",
    "backup.amazonaws.com",
    "eks.amazonaws.com",
    "eks-nodegroup.amazonaws.com",
    "elasticache.amazonaws.com",
    "rds.amazonaws.com",
    "spot.amazonaws.com",
)


def plan_role(names: Names) -> tuple[Statement, ...]:
    """Reads settings and states; is refused every secret value, whatever else it may be given."""
    return (*_reading(names), *no_secret_values(("*",)))


def inspect_role(names: Names) -> tuple[Statement, ...]:
    """Reads settings and states, and the values that Terraform wrote and compares in a refresh."""
    others = tuple(names.secret_arn(secret) for secret in (*OPERATORS_SECRETS, *_NODES_SECRETS))
    return (
        *_reading(names),
        _asking_for_buckets(names),
        *_reading_secrets(names),
        *no_secret_values(others),
    )


def deploy_role(names: Names, *, provider_arn: str) -> tuple[Statement, ...]:
    """Changes everything but the bootstrap: the state stack, and the roles this is about."""
    return (
        *_reading(names),
        _asking_for_buckets(names),
        *_writing_state(names),
        *_changing_services(names),
        *_changing_roles(names),
        *never(names, provider_arn=provider_arn),
    )


def _reading(names: Names) -> tuple[Statement, ...]:
    account = names.env.account
    state = names.bucket_arn(Bucket.STATE)
    return (
        Statement(actions=_READ),
        # The parameters that AWS publishes, such as the newest node image; none of ours.
        Statement(
            actions=("ssm:GetParameter", "ssm:GetParameters"),
            resources=(f"arn:aws:ssm:{account.region}::parameter/aws/service/*",),
        ),
        Statement(actions=("s3:ListBucket",), resources=(state,)),
        Statement(actions=("s3:GetObject",), resources=(f"{state}/*",)),
        _state_key(names, "kms:Decrypt"),
    )


def _asking_for_buckets(names: Names) -> Statement:
    """How a refresh asks whether a bucket is still there (HeadBucket). Objects stay unreadable."""
    return Statement(
        actions=("s3:ListBucket",), resources=tuple(names.bucket_arn(bucket) for bucket in Bucket)
    )


def _reading_secrets(names: Names) -> tuple[Statement, ...]:
    return (
        Statement(
            actions=("secretsmanager:GetSecretValue",),
            resources=tuple(names.secret_arn(secret) for secret in _TERRAFORMS_SECRETS),
        ),
        _key(names, "kms:Decrypt", service="secretsmanager", purpose=SECRETS_KEY_PURPOSE),
    )


def _writing_state(names: Names) -> tuple[Statement, ...]:
    state = names.bucket_arn(Bucket.STATE)
    return (
        Statement(actions=("s3:PutObject",), resources=(f"{state}/*",)),
        Statement(actions=("s3:DeleteObject",), resources=(f"{state}/*.tflock",)),
        _state_key(names, "kms:GenerateDataKey"),
    )


def _state_key(names: Names, action: str) -> Statement:
    return _key(names, action, service="s3", purpose=STATE_KEY_PURPOSE)


def _key(names: Names, action: str, *, service: str, purpose: str) -> Statement:
    """One of the platform's keys, found by its alias, through the service that encrypts with it."""
    account = names.env.account
    return kms_via_service(
        names,
        service,
        f"arn:aws:kms:{account.region}:{account.id}:key/*",
        action,
        conditions={"ForAnyValue:StringEquals": {"kms:ResourceAliases": key_alias(names, purpose)}},
    )


def _changing_services(names: Names) -> tuple[Statement, ...]:
    """Whole services, in the environment's regions: the account holds nothing else.

    S3 is told bucket by bucket, without the objects inside and without the state stack's two.
    """
    return (
        Statement(
            actions=_REGIONAL_SERVICES,
            conditions={"StringEquals": {"aws:RequestedRegion": regions(names)}},
        ),
        Statement(
            actions=_REGIONAL_SERVICES,
            conditions={"StringNotEquals": {"aws:RequestedRegion": regions(names)}},
            deny=True,
        ),
        Statement(
            actions=("s3:*",),
            resources=tuple(
                names.bucket_arn(bucket)
                for bucket in Bucket
                if bucket not in (Bucket.STATE, Bucket.ACCESS_LOGS)
            ),
        ),
        Statement(
            actions=(
                "route53:AssociateVPCWithHostedZone",
                "route53:ChangeResourceRecordSets",
                "route53:ChangeTagsForResource",
                "route53:CreateHostedZone",
                "route53:DeleteHostedZone",
                "route53:UpdateHostedZoneComment",
            ),
        ),
    )


def _changing_roles(names: Names) -> tuple[Statement, ...]:
    """Roles that the boundary holds: none can be made without it, and to none can more be given."""
    ours = (names.role_arn(names.aws("*")),)
    return (
        # IAM's condition holds for no other action on roles.
        Statement(
            actions=(
                "iam:AttachRolePolicy",
                "iam:CreateRole",
                "iam:DeleteRolePolicy",
                "iam:DetachRolePolicy",
                "iam:PutRolePermissionsBoundary",
                "iam:PutRolePolicy",
            ),
            resources=ours,
            conditions={"StringEquals": {"iam:PermissionsBoundary": names.boundary_arn}},
        ),
        Statement(
            actions=(
                "iam:DeleteRole",
                "iam:TagRole",
                "iam:UntagRole",
                "iam:UpdateAssumeRolePolicy",
                "iam:UpdateRole",
                "iam:UpdateRoleDescription",
            ),
            resources=ours,
        ),
        Statement(
            actions=("iam:PassRole",),
            resources=ours,
            conditions={"StringEquals": {"iam:PassedToService": list(_PASSED_TO)}},
        ),
        Statement(
            actions=(
                "iam:AddRoleToInstanceProfile",
                "iam:CreateInstanceProfile",
                "iam:DeleteInstanceProfile",
                "iam:RemoveRoleFromInstanceProfile",
                "iam:TagInstanceProfile",
                "iam:UntagInstanceProfile",
            ),
            resources=(
                *ours,
                names.role_arn(names.aws("*")).replace(":role/", ":instance-profile/"),
            ),
        ),
        Statement(
            actions=("iam:CreateServiceLinkedRole",),
            resources=(names.role_arn("aws-service-role/*"),),
            conditions={"StringEquals": {"iam:AWSServiceName": list(_LINKED_SERVICES)}},
        ),
    )
