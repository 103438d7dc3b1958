"""Facts about AWS that values are checked against; each table names its source and the day it was read."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, kw_only=True)
class EksVersion:
    """A Kubernetes minor on EKS: how long it has standard support, and the add-ons that go with it."""

    standard_support_until: date
    vpc_cni: str
    coredns: str
    kube_proxy: str
    ebs_csi_driver: str
    pod_identity_agent: str


# Support dates: the EKS release calendar (docs.aws.amazon.com/eks, "Kubernetes versions"). Add-ons:
# `aws eks describe-addon-versions --kubernetes-version <minor>`, as public repositories report its
# answer, since no AWS account was at hand: look again before an upgrade. Both read 2026-11-21.
EKS_VERSIONS = {
    "1.35": EksVersion(
        standard_support_until=date(2027, 3, 27),
        vpc_cni="v1.22.4-eksbuild.3",
        coredns="v1.13.2-eksbuild.31",
        kube_proxy="v1.35.3-eksbuild.29",
        ebs_csi_driver="v1.66.0-eksbuild.1",
        pod_identity_agent="v1.3.10-eksbuild.3",
    ),
    "1.36": EksVersion(
        standard_support_until=date(2027, 8, 2),
        vpc_cni="v1.22.3-eksbuild.1",
        coredns="v1.14.3-eksbuild.3",
        kube_proxy="v1.36.0-eksbuild.13",
        ebs_csi_driver="v1.63.1-eksbuild.1",
        pod_identity_agent="v1.3.10-eksbuild.3",
    ),
}


@dataclass(frozen=True)
class InstanceType:
    """An EC2 instance type's size."""

    vcpus: int
    memory_gib: float


# EC2 instance types (aws.amazon.com/ec2/instance-types), read 2026-11-21. Add a line to use another.
INSTANCE_TYPES = {
    "t3.medium": InstanceType(2, 4),
    "t3.large": InstanceType(2, 8),
    "t3a.large": InstanceType(2, 8),
    "m5.large": InstanceType(2, 8),
    "m5.xlarge": InstanceType(4, 16),
    "m6i.large": InstanceType(2, 8),
    "m6i.xlarge": InstanceType(4, 16),
    "m7i.large": InstanceType(2, 8),
    "m7i.xlarge": InstanceType(4, 16),
    "c5.xlarge": InstanceType(4, 8),
    "c5a.xlarge": InstanceType(4, 8),
    "c5d.xlarge": InstanceType(4, 8),
    "c6a.xlarge": InstanceType(4, 8),
    "c6i.xlarge": InstanceType(4, 8),
    "c7i.xlarge": InstanceType(4, 8),
    "r6i.large": InstanceType(2, 16),
    "r6i.xlarge": InstanceType(4, 32),
    "r7i.large": InstanceType(2, 16),
    "r7i.xlarge": InstanceType(4, 32),
}

# RDS for PostgreSQL classes that support encryption and Performance Insights, read 2026-11-21.
DATABASE_CLASSES = frozenset(
    f"db.{family}.{size}"
    for family, sizes in {
        "t4g": ("medium", "large"),
        "m6g": ("large", "xlarge", "2xlarge"),
        "m7g": ("large", "xlarge", "2xlarge"),
        "r7g": ("large", "xlarge", "2xlarge"),
    }.items()
    for size in sizes
)

# ElastiCache node types that run Valkey 8, read 2026-11-21.
CACHE_NODE_TYPES = frozenset(
    f"cache.{family}.{size}"
    for family, sizes in {
        "t4g": ("small", "medium"),
        "m7g": ("large", "xlarge"),
        "r7g": ("large", "xlarge"),
    }.items()
    for size in sizes
)

# Retention that CloudWatch Logs accepts, in days (API reference, PutRetentionPolicy).
LOG_RETENTION_DAYS = frozenset(
    (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
     3288, 3653)
)  # fmt: skip

# Retention that Performance Insights accepts (RDS API reference, CreateDBInstance): 7 days, 731, or
# a multiple of 31 up to 23 months.
PERFORMANCE_INSIGHTS_RETENTION_DAYS = frozenset({7, 731, *(31 * months for months in range(1, 24))})
