"""The most that the platform's roles can do, whatever policies a deploy gives them.

A deploy makes these roles and sets who may use them. So no role may do what is denied to a deploy:
change roles, read states or operators' secrets, or delete backups (docs/decisions/0011).
"""

from environments.names import (
    OPERATORS_SECRETS,
    OPERATORS_SECRETS_READER,
    RESTORE_DRILL,
    STATE_STACKS_BUCKETS,
    Names,
    Secret,
)
from stacks.parts.iam import Statement, regions

# For the EKS control plane and nodes, the VPC CNI, the EBS CSI driver, the load balancer controller,
# the autoscaler, AWS Backup, RDS monitoring, flow logs, the CloudWatch exporter, and ClickHouse's
# nodes.
_REGIONAL = (
    "acm:DescribeCertificate",
    "acm:ListCertificates",
    "autoscaling:Describe*",
    "autoscaling:SetDesiredCapacity",
    "autoscaling:TerminateInstanceInAutoScalingGroup",
    "autoscaling:UpdateAutoScalingGroup",
    "backup:CopyFromBackupVault",
    "backup:CopyIntoBackupVault",
    "backup:DescribeBackupVault",
    "backup:DescribeRestoreJob",
    "backup:List*",
    "backup:StartRestoreJob",
    "backup:TagResource",
    "cloudwatch:PutMetricData",
    "ec2:AssignPrivateIpAddresses",
    "ec2:AttachNetworkInterface",
    "ec2:AttachVolume",
    "ec2:AuthorizeSecurityGroupIngress",
    "ec2:CopyVolumes",
    "ec2:CreateNetworkInterface",
    "ec2:CreateRoute",
    "ec2:CreateSecurityGroup",
    "ec2:CreateTags",
    "ec2:CreateVolume",
    "ec2:DeleteNetworkInterface",
    "ec2:DeleteRoute",
    "ec2:DeleteSecurityGroup",
    "ec2:DeleteTags",
    "ec2:DeleteVolume",
    "ec2:Describe*",
    "ec2:DetachNetworkInterface",
    "ec2:DetachVolume",
    "ec2:GetCoipPoolUsage",
    "ec2:GetInstanceTypesFromInstanceRequirements",
    "ec2:GetSecurityGroupsForVpc",
    "ec2:ModifyInstanceAttribute",
    "ec2:ModifyNetworkInterfaceAttribute",
    "ec2:ModifyVolume",
    "ec2:RevokeSecurityGroupIngress",
    "ec2:UnassignPrivateIpAddresses",
    "ecr:BatchGetImage",
    "ecr:BatchImportUpstreamImage",
    "ecr:GetAuthorizationToken",
    "ecr:GetDownloadUrlForLayer",
    "eks-auth:AssumeRoleForPodIdentity",
    "eks:DescribeCluster",
    "eks:DescribeNodegroup",
    "elasticloadbalancing:*",
    "events:ListRules",
    "kms:DescribeKey",
    "kms:ListGrants",
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    "logs:DescribeLogStreams",
    "logs:GetLogEvents",
    "logs:PutLogEvents",
    "logs:PutRetentionPolicy",
    "rds:AddTagsToResource",
    "rds:CopyDBSnapshot",
    "rds:CreateDBInstance",
    "rds:CreateDBSnapshot",
    "rds:DeleteDBInstance",
    "rds:Describe*",
    "rds:ListTagsForResource",
    "rds:ModifyDBInstance",
    "rds:RestoreDBInstance*",
    "ssm:UpdateInstanceInformation",
    "ssmmessages:*",
    "tag:GetResources",
    "waf-regional:GetWebACL*",
    "wafv2:AssociateWebACL",
    "wafv2:DisassociateWebACL",
    "wafv2:GetWebACL*",
    "wafv2:ListWebACLs",
)
# Requests to these go to an endpoint in one region, whatever the environment's region is. CloudWatch has the
# metrics of the bill in us-east-1 only.
_GLOBAL = (
    "cloudwatch:GetMetricData",
    "cloudwatch:ListMetrics",
    "iam:GetServerCertificate",
    "iam:ListServerCertificates",
    "s3:ListAllMyBuckets",
    "shield:DescribeProtection",
    "shield:GetSubscriptionState",
)


def boundary(names: Names) -> tuple[Statement, ...]:
    """Left out on purpose: IAM, `sts:AssumeRole` (but see `_roles`), and sharing data with others."""
    return (
        Statement(
            actions=_REGIONAL,
            conditions={"StringEquals": {"aws:RequestedRegion": regions(names)}},
        ),
        Statement(actions=_GLOBAL),
        *_backups(names),
        *_buckets(names),
        *_keys(names),
        *_secrets(names),
        *_roles(names),
    )


def _backups(names: Names) -> tuple[Statement, ...]:
    """What only AWS Backup makes: its RDS snapshots, and the rules that notify it of new objects.

    Copies stay in the account's vaults.
    """
    account = names.env.account
    return (
        Statement(
            actions=("backup:CopyFromBackupVault",),
            conditions={
                "ForAnyValue:ArnNotLike": {
                    "backup:CopyTargets": f"arn:aws:backup:*:{account.id}:backup-vault:*"
                }
            },
            deny=True,
        ),
        Statement(
            actions=("rds:DeleteDBSnapshot",),
            resources=(f"arn:aws:rds:*:{account.id}:snapshot:awsbackup:*",),
        ),
        Statement(
            actions=(
                "events:DeleteRule",
                "events:DescribeRule",
                "events:DisableRule",
                "events:EnableRule",
                "events:ListTargetsByRule",
                "events:PutRule",
                "events:PutTargets",
                "events:RemoveTargets",
            ),
            resources=(f"arn:aws:events:*:{account.id}:rule/AwsBackupManagedRule*",),
        ),
    )


def _buckets(names: Names) -> tuple[Statement, ...]:
    """The buckets for data, and those with the platform's prefix that a restore makes.

    The buckets for states and access logs are denied.
    """
    ours = f"arn:aws:s3:::{names.prefix}-*"
    denied = tuple(names.bucket_arn(bucket) for bucket in STATE_STACKS_BUCKETS)
    return (
        Statement(
            actions=(
                "s3:AbortMultipartUpload",
                "s3:CreateBucket",
                "s3:DeleteObject",
                "s3:Get*",
                "s3:List*",
                "s3:PutBucketNotification",
                "s3:PutBucketOwnershipControls",
                "s3:PutBucketVersioning",
                "s3:PutInventoryConfiguration",
                "s3:PutObject*",
            ),
            resources=(ours,),
        ),
        Statement(
            actions=("s3:*",), resources=(*denied, *(f"{arn}/*" for arn in denied)), deny=True
        ),
    )


def _keys(names: Names) -> tuple[Statement, ...]:
    """Keys, only through the service that encrypts with them, which is how every role uses them."""
    return (
        Statement(
            actions=("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"),
            conditions={
                "StringLike": {
                    "kms:ViaService": [f"*.{region}.amazonaws.com" for region in regions(names)]
                }
            },
        ),
        Statement(
            actions=("kms:CreateGrant",),
            conditions={"Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
    )


def _secrets(names: Names) -> tuple[Statement, ...]:
    account = names.env.account
    all_secrets = f"arn:aws:secretsmanager:{account.region}:{account.id}:secret:{names.env.name}/*"
    return (
        Statement(
            actions=("secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"),
            resources=(all_secrets,),
        ),
        Statement(
            actions=("secretsmanager:GetSecretValue",),
            resources=tuple(names.secret_arn(secret) for secret in OPERATORS_SECRETS),
            conditions={
                "StringNotEquals": {
                    "aws:PrincipalArn": names.role_arn(names.aws(OPERATORS_SECRETS_READER))
                }
            },
            deny=True,
        ),
        # The first ClickHouse node makes the private certificate authority.
        Statement(
            actions=("secretsmanager:PutSecretValue",),
            resources=tuple(
                names.secret_arn(secret)
                for secret in (Secret.CLICKHOUSE_CA, Secret.CLICKHOUSE_CA_KEY)
            ),
        ),
    )


def _roles(names: Names) -> tuple[Statement, ...]:
    balancing = "elasticloadbalancing.amazonaws.com"
    return (
        Statement(
            actions=("iam:CreateServiceLinkedRole",),
            resources=(names.role_arn(f"aws-service-role/{balancing}/*"),),
            conditions={"StringEquals": {"iam:AWSServiceName": balancing}},
        ),
        # A restore of a composite backup starts another restore for each of its parts.
        Statement(
            actions=("iam:PassRole",),
            resources=(names.role_arn(names.aws("backup-restore")),),
            conditions={"StringEquals": {"iam:PassedToService": "backup.amazonaws.com"}},
        ),
        # The restore drill's role has this boundary, too: it gives the node nothing that is denied.
        Statement(
            actions=("sts:AssumeRole",),
            resources=(names.role_arn(names.aws(RESTORE_DRILL)),),
            conditions={"StringEquals": {"aws:PrincipalArn": names.first_clickhouse_role_arn}},
        ),
    )
