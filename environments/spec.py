"""The type of an environment: one frozen value that every plane reads.

A field is here if environments can differ in it, and every field is required and keyword-only. What
never differs is a constant in the module that uses it. A field's name contains its unit. `rules/`
checks the values.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from environments.images import Image


class Tier(StrEnum):
    """How much data and availability matter; the rules require more of PRODUCTION."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class CapacityType(StrEnum):
    """How EC2 capacity is bought, in the spelling of the EKS API."""

    ON_DEMAND = "ON_DEMAND"
    SPOT = "SPOT"


class SyncWindowKind(StrEnum):
    """What a sync window does, in the spelling of Argo CD; DENY wins where two windows overlap."""

    ALLOW = "allow"
    DENY = "deny"


@dataclass(frozen=True, kw_only=True)
class Account:
    """The AWS account and regions of the environment."""

    id: str
    region: str
    backup_copy_region: str | None  # None: backups stay in `region`


@dataclass(frozen=True, kw_only=True)
class Ownership:
    """Who is responsible and who pays; both become tags on every AWS resource."""

    owner: str
    cost_center: str
    email: str  # the team's mailbox: AWS Budgets writes to it


@dataclass(frozen=True, kw_only=True)
class Repository:
    """The GitHub repository that Argo CD reads and that GitHub Actions deploys from."""

    owner: str
    name: str
    revision: str  # the branch that Argo CD follows
    deploy_environment: str  # the GitHub environment whose jobs may assume the deploy role
    # The repository in the `sub` claim of GitHub's tokens. A repository that was created, renamed or
    # transferred after 15 July 2026 has ids in it, as in "repo:owner@123/name@456" (github.blog, changelog
    # of 2026-04-23; github/docs#45221). docs/first-day.md shows how to read it.
    oidc_subject: str

    @property
    def url(self) -> str:
        return f"https://github.com/{self.owner}/{self.name}.git"


@dataclass(frozen=True, kw_only=True)
class Network:
    """The VPC; each zone gets a public, a private and a data subnet of `vpc_cidr`."""

    vpc_cidr: str
    zones: tuple[str, ...]
    # False: one NAT gateway for all zones. It is cheaper, and fails with its zone.
    nat_gateway_per_zone: bool
    interface_endpoints: tuple[str, ...]  # AWS service names, as in "ecr.api"
    flow_log_retention_days: int


@dataclass(frozen=True, kw_only=True)
class NodeGroup:
    """A managed node group. EKS prefers the first instance type, and uses the others when it runs out."""

    instance_types: tuple[str, ...]
    capacity_type: CapacityType
    min_size: int
    desired_size: int
    max_size: int
    disk_gib: int
    zones: tuple[str, ...]  # of `Network.zones`; AWS spreads the nodes evenly over them


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """The EKS control plane and its two node groups.

    No stack creates the networks that reach it (a VPN, a peered network, a bastion's subnet), or the
    roles that administer it. These roles must exist before the cluster stack is applied: EKS refuses
    unknown ones.
    """

    kubernetes_version: str  # a minor that `catalog.EKS_VERSIONS` lists, as in "1.35"
    public_access_cidrs: tuple[str, ...]  # may reach the API from the internet; empty: none
    # May reach the API inside the VPC, and port 443 of nodes and pods: they share a security group.
    private_access_cidrs: tuple[str, ...]
    # IAM roles that administer the cluster, with their path, if they have one, as in
    # "aws-reserved/sso.amazonaws.com/eu-central-1/AWSReservedSSO_PlatformAdmin_0123456789abcdef".
    admin_role_names: tuple[str, ...]
    log_retention_days: int
    general: NodeGroup
    workers_spot: NodeGroup


@dataclass(frozen=True, kw_only=True)
class SyncWindow:
    """When Argo CD may, or may not, sync automatically; a person can always start a sync."""

    kind: SyncWindowKind
    schedule: str  # the start, as five cron fields
    duration_hours: int
    time_zone: str  # a name of the IANA database; daylight saving time applies


@dataclass(frozen=True, kw_only=True)
class Database:
    """RDS for PostgreSQL."""

    engine_version: str  # a major, as in "17": RDS applies minor versions automatically
    instance_class: str
    storage_gib: int
    max_storage_gib: int  # the limit of storage autoscaling
    max_connections: int  # an alert fires at four fifths of it
    multi_az: bool
    backup_retention_days: int  # also the reach of point-in-time recovery
    deletion_protection: bool
    performance_insights_retention_days: int
    log_retention_days: int


@dataclass(frozen=True, kw_only=True)
class Queue:
    """ElastiCache (Valkey, Redis protocol): the job queue."""

    engine_version: str  # major and minor, as in "8.1": ElastiCache applies patches automatically
    node_type: str
    replicas: int  # 0: a single node; 1 or more: Multi-AZ with automatic failover
    snapshot_retention_days: int
    log_retention_days: int


@dataclass(frozen=True, kw_only=True)
class ClickHouse:
    """ClickHouse on EC2: evaluation results and LLM calls."""

    version: str
    instance_type: str
    nodes: int  # 1, or an odd number of replicas that are also the Keeper quorum
    # The nodes, counted from the first, that hold the tables and belong to the Keeper quorum. The name
    # for all nodes holds only these. Below `nodes` only while nodes are added (docs/clickhouse.md).
    admitted_nodes: int
    data_volume_gib: int
    backup_retention_days: int


@dataclass(frozen=True, kw_only=True)
class Storage:
    """S3 buckets for datasets, reports and backups."""

    report_retention_days: int
    noncurrent_version_retention_days: int
    access_log_retention_days: int


@dataclass(frozen=True, kw_only=True)
class Backup:
    """AWS Backup over RDS and S3 (B14)."""

    daily_retention_days: int
    monthly_retention_days: int  # 0: no monthly rule
    copy_retention_days: int  # in `Account.backup_copy_region`; 0 without one
    vault_locked: bool  # True: nobody can delete a backup early before the lock is removed


@dataclass(frozen=True, kw_only=True)
class Compute:
    """The requests and limits of one container."""

    cpu_request_millicores: int
    cpu_limit_millicores: int
    memory_request_mib: int
    memory_limit_mib: int

    @classmethod
    def of(cls, *, cpu: str, cpu_limit: str, memory: str, memory_limit: str) -> "Compute":
        """From Kubernetes quantities: millicores, as in "500m", and mebibytes, as in "256Mi"."""
        return cls(
            cpu_request_millicores=_number("cpu", cpu, unit="m"),
            cpu_limit_millicores=_number("cpu_limit", cpu_limit, unit="m"),
            memory_request_mib=_number("memory", memory, unit="Mi"),
            memory_limit_mib=_number("memory_limit", memory_limit, unit="Mi"),
        )

    def as_manifest(self) -> dict[str, dict[str, str]]:
        """The `resources` of a container, in a manifest and in the values of charts and EKS add-ons."""
        return {
            "requests": {
                "cpu": f"{self.cpu_request_millicores}m",
                "memory": f"{self.memory_request_mib}Mi",
            },
            "limits": {
                "cpu": f"{self.cpu_limit_millicores}m",
                "memory": f"{self.memory_limit_mib}Mi",
            },
        }


def _number(name: str, quantity: str, *, unit: str) -> int:
    match = re.fullmatch(rf"([0-9]+){unit}", str(quantity))
    if match is None:
        raise ValueError(
            f'{name}={quantity!r}: write a whole number and the unit {unit}, as in "250{unit}"'
        )
    return int(match[1])


@dataclass(frozen=True, kw_only=True)
class Monitoring:
    """Prometheus and Alertmanager in the cluster: their replicas, and how long metrics are kept."""

    prometheus_replicas: int  # each scrapes every target and keeps its own copy
    prometheus_compute: Compute  # of each replica
    prometheus_retention_days: int
    prometheus_storage_gib: int  # of each replica's volume
    alertmanager_replicas: int  # each alert is sent by one of them

    @property
    def prometheus_retention_gib(self) -> int:
        """Above this size Prometheus deletes its oldest days; the rest of the volume is for new samples."""
        return self.prometheus_storage_gib * 4 // 5


@dataclass(frozen=True, kw_only=True)
class Orchestrator:
    """The API that takes evaluation requests and puts jobs on the queue."""

    replicas: int
    compute: Compute
    hostname: str  # for users; ACM must have a certificate for it
    allowed_cidrs: tuple[str, ...]  # who may reach the load balancer


@dataclass(frozen=True, kw_only=True)
class LlmCalls:
    """How workers call LLM providers without storms of 429 responses (B12).

    The limits are those in the providers' consoles: the lowest of all models in use. If environments
    share an account at a provider, each has only its share of the limit.
    """

    provider_requests_per_minute: int
    provider_tokens_per_minute: int  # of prompts only, if a provider counts answers separately
    concurrency_per_worker: int
    max_attempts: int
    initial_backoff_seconds: int
    max_backoff_seconds: int
    timeout_seconds: int


# Half of the workers may be evicted at once, because EC2 reclaims several spot nodes at once. If a worker's
# eviction had to wait for the replacement of another, its node would be gone before it gets a SIGTERM.
WORKERS_EVICTED_AT_ONCE_PERCENT = 50


@dataclass(frozen=True, kw_only=True)
class Worker:
    """The evaluation workers, scaled on CPU and on unfinished jobs between two bounds."""

    min_replicas: int
    max_replicas: int
    target_cpu_percent: int
    unfinished_jobs_per_replica: int  # that wait or run; the autoscaler's target
    job_concurrency: (
        int  # the jobs that one worker runs at a time; jobs wait for LLM calls most of their time
    )
    compute: Compute
    max_job_seconds: int  # the longest an evaluation job may run
    llm_calls: LlmCalls

    @property
    def most_at_once(self) -> int:
        """The maximum, and the workers that shut down while their replacements already run."""
        shutting_down = math.ceil(self.max_replicas * WORKERS_EVICTED_AT_ONCE_PERCENT / 100)
        return self.max_replicas + shutting_down

    @property
    def llm_requests_per_minute(self) -> int:
        """One worker's limit for each provider; all workers together stay below the provider's limit."""
        return self._share(self.llm_calls.provider_requests_per_minute)

    @property
    def llm_tokens_per_minute(self) -> int:
        """The same for tokens, of prompts and answers together."""
        return self._share(self.llm_calls.provider_tokens_per_minute)

    def _share(self, limit: int) -> int:
        # 10 % are left for providers that count by the second: 60 a minute can mean one a second (Claude
        # API, "Rate limits").
        return limit * 90 // 100 // self.most_at_once


# A budget of which this much is spent is reported, by an alert or by a mail, before it is gone.
NEARLY_SPENT_PERCENT = 80


@dataclass(frozen=True, kw_only=True)
class Objectives:
    """Service levels and the budgets, which dashboards and alerts compare with."""

    availability_percent: float  # of the API's requests answered without a server error, in 30 days
    provider_p95_seconds: int  # 95 of 100 LLM calls take less
    daily_llm_budget_usd: int
    # What AWS may bill in a month, without LLM providers and taxes. `evalctl check` compares the estimate
    # with it (docs/cost.md), AWS Budgets and an alert compare the bill.
    monthly_aws_budget_usd: int


@dataclass(frozen=True, kw_only=True)
class Previews:
    """Small copies of the platform for labelled pull requests, with the images built from them."""

    # The GitHub repository that builds the images, and whose pull requests get previews; it can be
    # another one than this.
    repository_owner: str
    repository_name: str
    label: str  # everyone who may set it can run a pull request's code
    max_age_hours: int  # since the last change; then the preview's pods end
    workers: int  # of one preview; fixed
    worker_compute: Compute
    orchestrator_compute: Compute


@dataclass(frozen=True, kw_only=True)
class Environment:
    """Everything in which two environments can differ."""

    name: str
    tier: Tier
    promotes_from: str | None  # the environment that runs an image first; None: builds make images
    account: Account
    ownership: Ownership
    repository: Repository
    network: Network
    cluster: Cluster
    addon_set: str  # chart versions that go together, as in "2026-11" (`catalog.ADDON_SETS`)
    controller_replicas: int  # of each add-on that the cluster cannot work without
    sync_windows: tuple[SyncWindow, ...]  # empty: Argo CD syncs at any time
    database: Database
    queue: Queue
    clickhouse: ClickHouse
    storage: Storage
    backup: Backup
    secret_recovery_days: int  # how long a deleted secret can be restored
    monitoring: Monitoring
    orchestrator: Orchestrator
    worker: Worker
    objectives: Objectives
    # Digests, `sha256:` and 64 hexadecimal digits, from `images.json`; a mapping has no hash.
    images: Mapping[Image, str] = field(hash=False)
    previews: Previews | None  # None: pull requests get no preview
