"""What the platform's roles can ever do, whatever policies a deploy gives them.

A deploy makes these roles and decides who may use them, so it must not win by one what it is refused
itself: no role, no state, no operator's secret, no lost backup (docs/decisions/0011).
"""

from environments.names import OPERATORS_SECRETS, OPERATORS_SECRETS_READER, Bucket, Names, Secret
from stacks.parts.iam import Statement, regions

# For the EKS control plane and nodes, the VPC CNI, the EBS CSI driver, the load balancer controller,
# the autoscaler, AWS Backup, RDS monitoring, flow logs, the CloudWatch exporter, ClickHouse's nodes.
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
    "cloudwatch:GetMetricData",
    "cloudwatch:ListMetrics",
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
# Asked of an endpoint in one region, wherever the environment is.
_GLOBAL = (
    "iam:GetServerCertificate",
    "iam:ListServerCertificates",
    "s3:ListAllMyBuckets",
    "shield:DescribeProtection",
    "shield:GetSubscriptionState",
)


def boundary(names: Names) -> tuple[Statement, ...]:
    """Read it with what it leaves out: IAM, `sts:AssumeRole`, and everything that shares with others."""
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
    """What AWS Backup alone makes: its RDS snapshots, and the rules that tell it of new objects."""
    account = names.env.account
    return (
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
    """Data, and buckets of the platform's prefix that a restore makes; no state and no access log."""
    ours = f"arn:aws:s3:::{names.prefix}-*"
    closed = tuple(names.bucket_arn(bucket) for bucket in (Bucket.STATE, Bucket.ACCESS_LOGS))
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
            actions=("s3:*",), resources=(*closed, *(f"{arn}/*" for arn in closed)), deny=True
        ),
    )


def _keys(names: Names) -> tuple[Statement, ...]:
    """Through the service that keeps something encrypted, as every role of the platform does it."""
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
    every = f"arn:aws:secretsmanager:{account.region}:{account.id}:secret:{names.env.name}/*"
    return (
        Statement(
            actions=("secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"),
            resources=(every,),
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
        # The first ClickHouse node makes the private authority.
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
        # A restore of several parts starts one for each.
        Statement(
            actions=("iam:PassRole",),
            resources=(names.role_arn(names.aws("backup-restore")),),
            conditions={"StringEquals": {"iam:PassedToService": "backup.amazonaws.com"}},
        ),
    )
