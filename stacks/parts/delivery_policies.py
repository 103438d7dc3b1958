"""What the roles of GitHub Actions may do in the account: read settings, compare, deploy, or push images."""

from environments.images import WORKLOAD_IMAGES
from environments.names import APPLIED_BY_PEOPLE, OPERATORS_SECRETS, Bucket, Names, Secret, Stack
from stacks.parts.delivery_changes import REGIONAL_SERVICES, changing_roles, changing_services
from stacks.parts.delivery_denials import deny_deploy, deny_secret_values
from stacks.parts.iam import Statement
from stacks.parts.kms import SECRETS_KEY_PURPOSE, STATE_KEY_PURPOSE, key_alias, kms_via_service

# Terraform makes these secrets empty; the ClickHouse nodes write their values.
_NODE_SECRETS = (Secret.CLICKHOUSE_CA, Secret.CLICKHOUSE_CA_KEY)
_TERRAFORM_SECRETS = tuple(
    secret for secret in Secret if secret not in (*OPERATORS_SECRETS, *_NODE_SECRETS)
)

# What Terraform's provider calls to read the stacks' resources. None of these actions reads an
# object, a log line, an image or a secret value.
_READ = (
    "autoscaling:Describe*",
    "backup:Describe*",
    "backup:GetBackupPlan",
    "backup:GetBackupSelection",
    "backup:GetBackupVault*",
    "backup:List*",
    "budgets:ListTagsForResource",
    "budgets:ViewBudget",
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


def plan_role(names: Names) -> tuple[Statement, ...]:
    """Reads settings and states; every secret value is denied, whatever other policies allow."""
    return (*_reading(names), *deny_secret_values(("*",)))


def inspect_role(names: Names) -> tuple[Statement, ...]:
    """Reads settings and states, and the secret values that Terraform wrote and a refresh compares."""
    others = tuple(names.secret_arn(secret) for secret in (*OPERATORS_SECRETS, *_NODE_SECRETS))
    return (
        *_reading(names),
        _listing_buckets(names),
        *_reading_secrets(names),
        *deny_secret_values(others),
    )


def deploy_role(names: Names, *, provider_arn: str) -> tuple[Statement, ...]:
    """Changes everything except the state stack and the roles of this module.

    IAM limits the size of the policy, so it does not repeat reads of services that it allows as a whole.
    """
    other_reads = tuple(
        action for action in _READ if f"{action.partition(':')[0]}:*" not in REGIONAL_SERVICES
    )
    return (
        *_reading(names, actions=other_reads),
        *_writing_state(names),
        *changing_services(names),
        *changing_roles(names),
        *deny_deploy(names, provider_arn=provider_arn),
    )


def images_role(names: Names) -> tuple[Statement, ...]:
    """Pushes the images that are built here, with their signatures; tags never move, so it replaces none.

    Source: Amazon ECR user guide, "IAM permissions for pushing an image". A signature names the image's
    manifest, which must be read for it.
    """
    return (
        # It cannot be limited to a repository; it gives no right to one.
        Statement(actions=("ecr:GetAuthorizationToken",)),
        Statement(
            actions=(
                "ecr:BatchCheckLayerAvailability",
                "ecr:BatchGetImage",
                "ecr:CompleteLayerUpload",
                "ecr:GetDownloadUrlForLayer",
                "ecr:InitiateLayerUpload",
                "ecr:PutImage",
                "ecr:UploadLayerPart",
            ),
            resources=tuple(names.image_repository_arn(image) for image in WORKLOAD_IMAGES),
        ),
    )


def _reading(names: Names, *, actions: tuple[str, ...] = _READ) -> tuple[Statement, ...]:
    account = names.env.account
    state = names.bucket_arn(Bucket.STATE)
    return (
        Statement(actions=actions),
        # Only parameters that AWS publishes, such as the newest node image.
        Statement(
            actions=("ssm:GetParameter", "ssm:GetParameters"),
            resources=(f"arn:aws:ssm:{account.region}::parameter/aws/service/*",),
        ),
        Statement(actions=("s3:ListBucket",), resources=(state,)),
        Statement(actions=("s3:GetObject",), resources=(f"{state}/*",)),
        _state_key(names, "kms:Decrypt"),
    )


def _listing_buckets(names: Names) -> Statement:
    """A refresh checks with it whether a bucket exists (HeadBucket). It allows reading no object."""
    return Statement(actions=("s3:ListBucket",), resources=(names.bucket_arns,))


def _reading_secrets(names: Names) -> tuple[Statement, ...]:
    return (
        Statement(
            actions=("secretsmanager:GetSecretValue",),
            resources=tuple(names.secret_arn(secret) for secret in _TERRAFORM_SECRETS),
        ),
        _key(names, "kms:Decrypt", service="secretsmanager", purpose=SECRETS_KEY_PURPOSE),
    )


def _writing_state(names: Names) -> tuple[Statement, ...]:
    """The states, and their locks, of the stacks that a pipeline applies."""
    state = names.bucket_arn(Bucket.STATE)
    deployed = [stack for stack in Stack if stack not in APPLIED_BY_PEOPLE]
    return (
        Statement(
            actions=("s3:PutObject",),
            resources=tuple(f"{state}/{names.state_key(stack)}*" for stack in deployed),
        ),
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
