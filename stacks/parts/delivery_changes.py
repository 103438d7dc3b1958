"""What the deploy role may change: the services that the stacks use, and the roles of the platform."""

from environments.names import Names
from stacks.parts.iam import Statement, regions

REGIONAL_SERVICES = (
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


def changing_services(names: Names) -> tuple[Statement, ...]:
    """Whole services in the environment's regions, because the account has no other resources.

    S3 is allowed by actions that apply to buckets and not to objects, so the policy stays the same when there
    is another bucket. A denial holds the state stack's two buckets.
    """
    return (
        Statement(
            actions=REGIONAL_SERVICES,
            conditions={"StringEquals": {"aws:RequestedRegion": regions(names)}},
        ),
        Statement(
            actions=REGIONAL_SERVICES,
            conditions={"StringNotEquals": {"aws:RequestedRegion": regions(names)}},
            deny=True,
        ),
        Statement(
            actions=(
                "s3:CreateBucket",
                "s3:DeleteBucket*",
                "s3:ListBucket",
                "s3:Put*Configuration",
                "s3:PutBucket*",
            ),
            resources=(names.bucket_arns,),
        ),
        Statement(
            actions=("budgets:ModifyBudget", "budgets:TagResource", "budgets:UntagResource"),
            resources=(names.budget_arn,),
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


def changing_roles(names: Names) -> tuple[Statement, ...]:
    """Roles with the permissions boundary: only those can be made or get other policies."""
    ours = (names.role_arn(names.aws("*")),)
    return (
        # IAM does not support this condition for the other actions below.
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
