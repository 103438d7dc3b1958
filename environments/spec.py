"""What an environment is: one frozen value that every plane reads and none may change.

Every field that can differ between environments is required and keyword-only; what never differs is
a constant where it is used. A field's name carries its unit. `rules/` says which values are sound.
"""

import math
import re
from dataclasses import dataclass
from enum import StrEnum


class Tier(StrEnum):
    """How much an environment's data and availability are worth; the rules ask more of PRODUCTION."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class CapacityType(StrEnum):
    """How EC2 capacity is bought, spelled as the EKS API spells it."""

    ON_DEMAND = "ON_DEMAND"
    SPOT = "SPOT"


class SyncWindowKind(StrEnum):
    """What a sync window does, spelled as Argo CD spells it; DENY wins where both hold."""

    ALLOW = "allow"
    DENY = "deny"


@dataclass(frozen=True, kw_only=True)
class Account:
    """Where the environment lives in AWS."""

    id: str
    region: str
    backup_copy_region: str | None  # None keeps backups in `region` only


@dataclass(frozen=True, kw_only=True)
class Ownership:
    """Who answers for the environment and who pays; both become tags on every resource."""

    owner: str
    cost_center: str


@dataclass(frozen=True, kw_only=True)
class Repository:
    """The GitHub repository that Argo CD reads and that GitHub Actions deploys from."""

    owner: str
    name: str
    revision: str  # the branch that Argo CD follows
    deploy_environment: str  # the GitHub environment whose jobs may assume the deploy role
    # How GitHub's tokens name the repository; those made since July 2026 carry ids, as in
    # "repo:owner@123/name@456". `gh api repos/OWNER/NAME/actions/oidc/customization/sub` tells.
    oidc_subject: str

    @property
    def url(self) -> str:
        return f"https://github.com/{self.owner}/{self.name}.git"


@dataclass(frozen=True, kw_only=True)
class Network:
    """The VPC; its subnets are carved from `vpc_cidr`, one public, private and data subnet a zone."""

    vpc_cidr: str
    zones: tuple[str, ...]
    nat_gateway_per_zone: (
        bool  # False: one NAT gateway for all zones, cheaper and lost with its zone
    )
    interface_endpoints: tuple[str, ...]  # AWS service names, as in "ecr.api"
    flow_log_retention_days: int


@dataclass(frozen=True, kw_only=True)
class NodeGroup:
    """A managed node group. The first instance type leads; the others stand in when it runs out."""

    instance_types: tuple[str, ...]
    capacity_type: CapacityType
    min_size: int
    desired_size: int
    max_size: int
    disk_gib: int


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """The EKS control plane and its two node groups.

    No stack makes the networks that reach it (a VPN, a peered network, a bastion's subnet), nor the
    roles that administer it: EKS refuses a role that is not there when the cluster stack is applied.
    """

    kubernetes_version: str  # a minor that `catalog.EKS_VERSIONS` lists, as in "1.35"
    public_access_cidrs: tuple[str, ...]  # reach the API from the internet; empty: nobody does
    # Reach the API inside the VPC, and port 443 of nodes and pods, which are in its security group.
    private_access_cidrs: tuple[str, ...]
    # IAM roles that administer the cluster, with their path, where they have one, as in
    # "aws-reserved/sso.amazonaws.com/eu-central-1/AWSReservedSSO_PlatformAdmin_0123456789abcdef".
    admin_role_names: tuple[str, ...]
    log_retention_days: int
    general: NodeGroup
    workers_spot: NodeGroup


@dataclass(frozen=True, kw_only=True)
class SyncWindow:
    """When Argo CD may, or may not, sync by itself; a person still can."""

    kind: SyncWindowKind
    schedule: str  # when it opens, as five cron fields
    duration_hours: int
    time_zone: str  # as the IANA database names it, with its daylight saving time


@dataclass(frozen=True, kw_only=True)
class Database:
    """RDS for PostgreSQL."""

    engine_version: str  # a major, as in "17": RDS applies its minors by itself
    instance_class: str
    storage_gib: int
    max_storage_gib: int  # storage autoscaling stops here
    max_connections: int  # an alert comes at four fifths of it
    multi_az: bool
    backup_retention_days: int  # also how far back point-in-time recovery reaches
    deletion_protection: bool
    performance_insights_retention_days: int
    log_retention_days: int


@dataclass(frozen=True, kw_only=True)
class Queue:
    """ElastiCache (Valkey, Redis protocol): the job queue."""

    engine_version: str  # major and minor, as in "8.1": ElastiCache applies its patches by itself
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
    copy_retention_days: int  # in `Account.backup_copy_region`; 0 where there is none
    vault_locked: bool  # nobody deletes a backup early without first lifting the lock


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
    """Prometheus and Alertmanager in the cluster: how many, and how long metrics are kept."""

    prometheus_replicas: int  # each scrapes everything and keeps its own copy
    prometheus_compute: Compute  # of each replica
    prometheus_retention_days: int
    prometheus_storage_gib: int  # of each replica's volume
    alertmanager_replicas: int  # they agree among each other on who tells what

    @property
    def prometheus_retention_gib(self) -> int:
        """Beyond it the oldest days are dropped early; the rest of the volume is for the newest."""
        return self.prometheus_storage_gib * 4 // 5


@dataclass(frozen=True, kw_only=True)
class Orchestrator:
    """The API that takes evaluation requests and puts jobs on the queue."""

    replicas: int
    compute: Compute
    hostname: str  # where users reach it; ACM must hold a certificate for it
    allowed_cidrs: tuple[str, ...]  # who may reach the load balancer


@dataclass(frozen=True, kw_only=True)
class LlmCalls:
    """How workers call LLM providers without 429 storms (B12).

    The limits are what providers' consoles show, the least of all models in use; where environments
    share an account, what of it is left to this one.
    """

    provider_requests_per_minute: int
    provider_tokens_per_minute: int  # of prompts, where a provider counts answers apart
    concurrency_per_worker: int
    max_attempts: int
    initial_backoff_seconds: int
    max_backoff_seconds: int
    timeout_seconds: int


# Half may be evicted at once: spot takes nodes in bunches, and a worker whose eviction has to wait for
# another's successor dies without its SIGTERM.
WORKERS_EVICTED_AT_ONCE_PERCENT = 50


@dataclass(frozen=True, kw_only=True)
class Worker:
    """The evaluation workers, scaled on CPU and on waiting jobs between two bounds."""

    min_replicas: int
    max_replicas: int
    target_cpu_percent: int
    waiting_jobs_per_replica: int  # one worker for so many jobs in the queue
    compute: Compute
    max_job_seconds: int  # the longest an evaluation job may run
    llm_calls: LlmCalls

    @property
    def most_at_once(self) -> int:
        """All of them, and those that shut down beside their successors."""
        most = self.max_replicas
        return most + math.ceil(most * WORKERS_EVICTED_AT_ONCE_PERCENT / 100)

    @property
    def llm_requests_per_minute(self) -> int:
        """Of one worker and each provider, so that all workers together stay below the limit."""
        return self._share(self.llm_calls.provider_requests_per_minute)

    @property
    def llm_tokens_per_minute(self) -> int:
        """As above; prompts and answers together."""
        return self._share(self.llm_calls.provider_tokens_per_minute)

    def _share(self, limit: int) -> int:
        # The rest is for providers that count in seconds: 60 in a minute may be one in a second
        # (Claude API, "Rate limits").
        return limit * 90 // 100 // self.most_at_once


@dataclass(frozen=True, kw_only=True)
class Images:
    """Image digests, `sha256:` and 64 hexadecimal digits, from `images.json`."""

    orchestrator: str
    worker: str
    postgres_client: str
    clickhouse_client: str


@dataclass(frozen=True, kw_only=True)
class Objectives:
    """What the platform promises and may spend; dashboards and alerts measure against it."""

    availability_percent: float  # of the API's requests answered without a server error, in 30 days
    provider_p95_seconds: int  # 95 of 100 LLM calls answer within this
    daily_llm_budget_usd: int


@dataclass(frozen=True, kw_only=True)
class Previews:
    """Pull requests that carry a label get the platform in small, with the images built from them."""

    repository_owner: str  # whose pull requests: the GitHub repository that builds the images,
    repository_name: str  # which need not be this one
    label: str  # whoever may set it lets the pull request's code run
    max_age_hours: int  # without a change; then its pods end
    workers: int  # of one preview; their number is fixed
    worker_compute: Compute
    orchestrator_compute: Compute


@dataclass(frozen=True, kw_only=True)
class Environment:
    """Everything that may differ between two environments."""

    name: str
    tier: Tier
    promotes_from: str | None  # the environment whose images it takes; None: takes them from builds
    account: Account
    ownership: Ownership
    repository: Repository
    network: Network
    cluster: Cluster
    addon_set: str  # chart versions that go together, as in "2026-11" (`catalog.ADDON_SETS`)
    controller_replicas: int  # of each add-on without which the cluster stands still
    sync_windows: tuple[SyncWindow, ...]  # empty: a merge is synced at any time
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
    images: Images
    previews: Previews | None  # None: pull requests get no preview
