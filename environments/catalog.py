"""Facts about AWS and versions, which the rules use; each table names its source and the day of reading."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from environments.names import Addon


@dataclass(frozen=True, kw_only=True)
class EksVersion:
    """A Kubernetes minor on EKS: its support, and the versions of its add-ons."""

    released: date
    standard_support_until: date  # the first day, in UTC, without it
    extended_support_until: date  # costs extra, and `upgrade_policy` must allow it
    vpc_cni: str
    coredns: str
    kube_proxy: str
    ebs_csi_driver: str
    pod_identity_agent: str
    cluster_autoscaler: str  # the image's tag; the chart has its own versions
    node_release: (
        str  # of the nodes' AL2023 image: the kubelet's version and the day of its packages
    )


# Dates: the EKS release calendar (docs.aws.amazon.com/eks, "Kubernetes versions"). Add-ons:
# `aws eks describe-addon-versions --kubernetes-version <minor>`, from outputs in public repositories,
# because no AWS account was available: run it before an upgrade. No version of a minor is older than the
# one of the minor before, because an upgrade must not downgrade an add-on. The autoscaler's image: the
# release notes of kubernetes/autoscaler 1.36.1, and kOps's table for 1.35. All read 2026-11-21.
# Node releases: https://github.com/awslabs/amazon-eks-ami/releases, as public repositories name them, read
# 2026-11-28. Both are of 2026-09-30, the newest day with a release of both minors that could be read: AWS
# releases about every week, so there are newer ones (docs/upgrades.md has the command that shows them).
EKS_VERSIONS = {
    "1.35": EksVersion(
        released=date(2026, 1, 27),
        standard_support_until=date(2027, 3, 27),
        extended_support_until=date(2028, 3, 27),
        vpc_cni="v1.22.4-eksbuild.3",
        coredns="v1.13.2-eksbuild.31",
        kube_proxy="v1.35.3-eksbuild.29",
        ebs_csi_driver="v1.66.0-eksbuild.1",
        pod_identity_agent="v1.3.10-eksbuild.3",
        cluster_autoscaler="v1.35.1",
        node_release="1.35.8-20260930",
    ),
    "1.36": EksVersion(
        released=date(2026, 6, 2),
        standard_support_until=date(2027, 8, 2),
        extended_support_until=date(2028, 8, 2),
        vpc_cni="v1.22.4-eksbuild.3",
        coredns="v1.14.3-eksbuild.23",
        kube_proxy="v1.36.0-eksbuild.25",
        ebs_csi_driver="v1.66.0-eksbuild.1",
        pod_identity_agent="v1.3.10-eksbuild.3",
        cluster_autoscaler="v1.36.1",
        node_release="1.36.4-20260930",
    ),
}


def kubectl_minors(kubernetes_version: str) -> tuple[str, str]:
    """The oldest and the newest kubectl that works with a cluster of this minor, as in "1.34", "1.36".

    They differ from the cluster by one minor at most (kubernetes.io/releases/version-skew-policy, read 2026-11-22).
    """
    major, minor = kubernetes_version.split(".")
    return f"{major}.{int(minor) - 1}", f"{major}.{int(minor) + 1}"


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A Helm chart at one version."""

    repository_url: str
    name: str
    version: str


@dataclass(frozen=True, kw_only=True)
class AddonSet:
    """Chart versions that fit together; an environment moves to another set as a whole, dev first."""

    kubernetes_versions: tuple[str, ...]  # every chart of the set runs on these minors
    charts: Mapping[Addon, Chart]


_PROMETHEUS_COMMUNITY = "https://prometheus-community.github.io/helm-charts"

# Versions: each release was read on 2026-11-28. newreleases.io has a page of every one of
# prometheus-community/helm-charts; the two charts with the operator and its CRDs are of one operator
# release, 0.95.1. External Secrets: the update to 2.14.0 in gitlab.com/sylva-projects/sylva-core. The
# other three: their own repositories. Of the autoscaler, 9.59.0 of July is the newest that could be
# confirmed; 9.59.1 was seen only in a fork for AKS. `evalctl charts` compares all versions with the
# repositories that Argo CD reads. Minors: the autoscaler has an image for each, and every chart's
# `kubeVersion` includes them. External Secrets supports only the minor that it is tested on, which was
# 1.35 for 2.7: read its support page before 1.36 in production.
ADDON_SETS = {
    "2026-11": AddonSet(
        kubernetes_versions=("1.35", "1.36"),
        charts={
            Addon.PROMETHEUS_CRDS: Chart(
                repository_url=_PROMETHEUS_COMMUNITY,
                name="prometheus-operator-crds",
                version="33.0.2",
            ),
            Addon.EXTERNAL_SECRETS: Chart(
                repository_url="https://charts.external-secrets.io",
                name="external-secrets",
                version="2.14.0",
            ),
            Addon.LOAD_BALANCER_CONTROLLER: Chart(
                repository_url="https://aws.github.io/eks-charts",
                name="aws-load-balancer-controller",
                version="3.5.0",
            ),
            Addon.CLUSTER_AUTOSCALER: Chart(
                repository_url="https://kubernetes.github.io/autoscaler",
                name="cluster-autoscaler",
                version="9.59.0",
            ),
            Addon.METRICS_SERVER: Chart(
                repository_url="https://kubernetes-sigs.github.io/metrics-server",
                name="metrics-server",
                version="3.13.1",
            ),
            Addon.PROMETHEUS_STACK: Chart(
                repository_url=_PROMETHEUS_COMMUNITY,
                name="kube-prometheus-stack",
                version="92.21.1",
            ),
            Addon.PROMETHEUS_ADAPTER: Chart(
                repository_url=_PROMETHEUS_COMMUNITY,
                name="prometheus-adapter",
                version="5.4.1",
            ),
            Addon.REDIS_EXPORTER: Chart(
                repository_url=_PROMETHEUS_COMMUNITY,
                name="prometheus-redis-exporter",
                version="6.31.1",
            ),
            Addon.CLOUDWATCH_EXPORTER: Chart(
                repository_url=_PROMETHEUS_COMMUNITY,
                name="prometheus-yet-another-cloudwatch-exporter",
                version="0.50.0",
            ),
        },
    ),
}


@dataclass(frozen=True, kw_only=True)
class ArgoCdVersion:
    """One version of Argo CD, by its commit and its images' digests, which cannot change later."""

    version: str
    commit: str
    image_digest: str  # of quay.io/argoproj/argocd
    # Of public.ecr.aws/docker/library/redis, with the tag in the release's manifests.
    redis_digest: str
    kubernetes_versions: tuple[str, ...]  # the minors that the project tests it on

    @property
    def manifest_url(self) -> str:
        """The manifests of an installation for the whole cluster, as one file."""
        return f"https://raw.githubusercontent.com/argoproj/argo-cd/{self.commit}/manifests/install.yaml"


# The newest release on 2026-11-21. Commit: Homebrew's formula for the tag, and the output of `argocd
# version`. Digests: argocd:v3.5.4 and redis:8.2.3-alpine, as public repositories pin them. Minors: the
# project's operator-manual/tested-kubernetes-versions.md.
ARGOCD = ArgoCdVersion(
    version="v3.5.4",
    commit="d6d5b248ce00e1a2c512068002a93d3319767087",
    image_digest="sha256:49dff79439bb38b1b942b19a113fe1fec7e6b6c671ddf9fe6a4a7c46bde0b77b",
    redis_digest="sha256:08ad0b1d280850169a790dba1393ff7a90aef951fc19632cf4d3ce4f78e679ba",
    kubernetes_versions=("1.33", "1.34", "1.35", "1.36"),
)


# Each region of the `aws` partition, whose ARNs begin with `arn:aws:`, with the letters of its zones. Regions:
# botocore's endpoints.json, which lists what Terraform's provider accepts. Zones: EC2's
# DescribeAvailabilityZones in moto; us-west-1 has three, of which an account gets two. EKS has no control
# plane in use1-az3, usw1-az2 and cac1-az3; each account has another letter for these. Read 2026-11-28.
REGIONS = {
    "af-south-1": "abc",
    "ap-east-1": "abc",
    "ap-northeast-1": "acd",
    "ap-northeast-2": "abcd",
    "ap-northeast-3": "abc",
    "ap-south-1": "abc",
    "ap-south-2": "abc",
    "ap-southeast-1": "abc",
    "ap-southeast-2": "abc",
    "ap-southeast-3": "abc",
    "ap-southeast-4": "abc",
    "ap-southeast-5": "abc",
    "ap-southeast-7": "abc",
    "ca-central-1": "abd",
    "ca-west-1": "abc",
    "eu-central-1": "abc",
    "eu-central-2": "abc",
    "eu-north-1": "abc",
    "eu-south-1": "abc",
    "eu-south-2": "abc",
    "eu-west-1": "abc",
    "eu-west-2": "abc",
    "eu-west-3": "abc",
    "il-central-1": "abc",
    "me-central-1": "abc",
    "me-south-1": "abc",
    "mx-central-1": "abc",
    "sa-east-1": "abc",
    "us-east-1": "abcdef",
    "us-east-2": "abc",
    "us-west-1": "abc",
    "us-west-2": "abcd",
}

# Services that this platform's nodes, pods and ClickHouse servers call, and that have an interface endpoint with a
# private DNS name (VPC user guide, "AWS services that integrate with AWS PrivateLink"), read 2026-11-28. S3
# is not one of them: the network stack has a gateway endpoint for it, which costs nothing.
INTERFACE_ENDPOINTS = (
    "autoscaling",
    "cloudformation",
    "ec2",
    "ec2messages",
    "ecr.api",
    "ecr.dkr",
    "eks",
    "eks-auth",
    "elasticloadbalancing",
    "kms",
    "logs",
    "monitoring",
    "secretsmanager",
    "ssm",
    "ssmmessages",
    "sts",
    "tagging",
)

# Majors of RDS for PostgreSQL in standard support (RDS user guide, "Release calendar"), read 2026-11-28.
POSTGRES_MAJORS = ("14", "15", "16", "17", "18")

# Valkey on ElastiCache (user guide, "Supported engines and versions"), read 2026-11-28.
VALKEY_VERSIONS = ("7.2", "8.0", "8.1", "8.2")

# ClickHouse's releases with long-term support: one in March and one in August, each supported for a year
# (clickhouse.com/docs, "Choosing a version"), read 2026-11-28. Only those whose own logs
# were read (stacks/parts/clickhouse_node/system_logs.py): a log without a decision fills the volume.
CLICKHOUSE_LTS = ("26.8",)


@dataclass(frozen=True)
class InstanceType:
    """An EC2 instance type's size."""

    vcpus: int
    memory_gib: float
    interfaces: int
    addresses_per_interface: int

    @property
    def most_pods(self) -> int:
        """That the VPC CNI can give an address (amazon-vpc-cni-k8s, misc/eni-max-pods.txt)."""
        return self.interfaces * (self.addresses_per_interface - 1) + 2

    def addresses(self, pods: int) -> int:
        """That a node with so many pods takes.

        The VPC CNI keeps one interface more than its pods need (amazon-vpc-cni-k8s, README, WARM_ENI_TARGET).
        """
        used = math.ceil(pods / (self.addresses_per_interface - 1))
        return min(used + 1, self.interfaces) * self.addresses_per_interface


# EC2 instance types (DescribeInstanceTypes), read 2026-11-28. Add a line to use another.
INSTANCE_TYPES = {
    "t3.medium": InstanceType(2, 4, 3, 6),
    "t3.large": InstanceType(2, 8, 3, 12),
    "t3a.large": InstanceType(2, 8, 3, 12),
    "m5.large": InstanceType(2, 8, 3, 10),
    "m5.xlarge": InstanceType(4, 16, 4, 15),
    "m6i.large": InstanceType(2, 8, 3, 10),
    "m6i.xlarge": InstanceType(4, 16, 4, 15),
    "m7i.large": InstanceType(2, 8, 3, 10),
    "m7i.xlarge": InstanceType(4, 16, 4, 15),
    "c5.xlarge": InstanceType(4, 8, 4, 15),
    "c5a.xlarge": InstanceType(4, 8, 4, 15),
    "c5d.xlarge": InstanceType(4, 8, 4, 15),
    "c6a.xlarge": InstanceType(4, 8, 4, 15),
    "c6i.xlarge": InstanceType(4, 8, 4, 15),
    "c7i.xlarge": InstanceType(4, 8, 4, 15),
    "r6i.large": InstanceType(2, 16, 3, 10),
    "r6i.xlarge": InstanceType(4, 32, 4, 15),
    "r7i.large": InstanceType(2, 16, 3, 10),
    "r7i.xlarge": InstanceType(4, 32, 4, 15),
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
