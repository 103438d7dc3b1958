"""What controllers may do in AWS: read the cluster's secrets, read metrics, resize its node groups."""

from environments.names import Names
from stacks.parts.iam import Statement
from stacks.parts.kms import kms_via_service


def external_secrets(
    names: Names, *, secret_arns: tuple[str, ...], key_arn: str
) -> tuple[Statement, ...]:
    """Read exactly these secrets."""
    return (
        Statement(
            actions=("secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"),
            resources=secret_arns,
        ),
        kms_via_service(names, "secretsmanager", key_arn, "kms:Decrypt"),
    )


def cloudwatch_exporter() -> tuple[Statement, ...]:
    """Read metrics. Both CloudWatch actions have no resource except "*"."""
    return (Statement(actions=("cloudwatch:GetMetricData", "cloudwatch:ListMetrics")),)


def cluster_autoscaler(names: Names) -> tuple[Statement, ...]:
    """Describe all Auto Scaling groups, resize only this cluster's.

    The actions that describe have no resource except "*".
    """
    account = names.env.account
    return (
        Statement(
            actions=(
                "autoscaling:DescribeAutoScalingGroups",
                "autoscaling:DescribeAutoScalingInstances",
                "autoscaling:DescribeLaunchConfigurations",
                "autoscaling:DescribeScalingActivities",
                "autoscaling:DescribeTags",
                "ec2:DescribeImages",
                "ec2:DescribeInstanceTypes",
                "ec2:DescribeLaunchTemplateVersions",
                "ec2:GetInstanceTypesFromInstanceRequirements",
            ),
        ),
        Statement(
            actions=("eks:DescribeNodegroup",),
            resources=(f"arn:aws:eks:{account.region}:{account.id}:nodegroup/{names.cluster}/*/*",),
        ),
        Statement(
            actions=(
                "autoscaling:SetDesiredCapacity",
                "autoscaling:TerminateInstanceInAutoScalingGroup",
            ),
            resources=(
                f"arn:aws:autoscaling:{account.region}:{account.id}"
                ":autoScalingGroup:*:autoScalingGroupName/*",
            ),
            conditions={
                "StringEquals": {
                    f"aws:ResourceTag/k8s.io/cluster-autoscaler/{names.cluster}": "owned"
                }
            },
        ),
    )
