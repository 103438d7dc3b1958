"""What makes an environment's values sound; every broken rule is told, with what to do about it."""

import re
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network

from environments import catalog
from environments.names import (
    REDIS_APP_USER,
    SERVICE_CIDR,
    Bucket,
    Image,
    Names,
    Secret,
    Stack,
)
from environments.spec import Environment, NodeGroup, Resources, Tier

# The smallest VPC that gives every zone a private subnet for pods (one address each), see
# `stacks/network.py`; AWS allows /16 to /28 (VPC user guide, "VPC CIDR blocks").
LARGEST_VPC_PREFIX = 20
_ROLE_SUFFIX_LENGTH = len("-load-balancer-controller")

# Days that data of each tier must be kept at least. Ours: a regression in an evaluation is often
# noticed after a release cycle of four weeks; audit logs are kept a year.
_REQUIRED_RETENTION_DAYS: dict[Tier, dict[str, int]] = {
    Tier.DEVELOPMENT: {
        "network.flow_log_retention_days": 7,
        "cluster.log_retention_days": 7,
        "database.backup_retention_days": 1,
        "database.log_retention_days": 7,
        "queue.snapshot_retention_days": 1,
        "queue.log_retention_days": 7,
        "clickhouse.backup_retention_days": 1,
        "backup.daily_retention_days": 7,
        "storage.noncurrent_version_retention_days": 7,
        "storage.access_log_retention_days": 7,
        "secret_recovery_days": 7,
    },
    Tier.PRODUCTION: {
        "network.flow_log_retention_days": 365,
        "cluster.log_retention_days": 365,
        "database.backup_retention_days": 28,
        "database.log_retention_days": 365,
        "queue.snapshot_retention_days": 7,
        "queue.log_retention_days": 365,
        "clickhouse.backup_retention_days": 28,
        "backup.daily_retention_days": 28,
        "backup.monthly_retention_days": 365,
        "storage.noncurrent_version_retention_days": 30,
        "storage.access_log_retention_days": 365,
        "secret_recovery_days": 30,
    },
}
# The longest that AWS keeps each (RDS: CreateDBInstance; ElastiCache: CreateReplicationGroup;
# Secrets Manager: DeleteSecret; AWS Backup: continuous backups).
_LONGEST_RETENTION_DAYS = {
    "database.backup_retention_days": 35,
    "queue.snapshot_retention_days": 35,
    "secret_recovery_days": 30,
    "backup.daily_retention_days": 35,
}


class InvalidEnvironmentError(ValueError):
    """Some environment breaks a rule; the message lists every broken rule."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


def require_sound(environments: Iterable[Environment]) -> None:
    """Refuse values that break a rule.

    Raises:
        InvalidEnvironmentError: with every broken rule of every environment.
    """
    environments = tuple(environments)
    problems = [
        f"{env.name or '(unnamed)'}: {problem}"
        for env in environments
        for problem in problems_of(env)
    ]
    problems += _overlaps(environments)
    names = [env.name for env in environments]
    problems += [
        f"{name}: two environments have this name; give one another"
        for name in sorted({name for name in names if names.count(name) > 1})
    ]
    if problems:
        raise InvalidEnvironmentError(problems)


def _overlaps(environments: tuple[Environment, ...]) -> Iterator[str]:
    """VPCs that share addresses can never be peered or reached over one VPN."""
    placed = [
        (env, vpc) for env in environments if (vpc := _cidr(env.network.vpc_cidr)) is not None
    ]
    for index, (one, vpc) in enumerate(placed):
        for other, other_vpc in placed[index + 1 :]:
            if vpc.overlaps(other_vpc):
                yield (
                    f"{other.name}: network.vpc_cidr: {other_vpc} overlaps {vpc} of {one.name}; "
                    "choose a range of its own"
                )


def problems_of(env: Environment) -> list[str]:
    """Each broken rule as `<field>: <what is wrong>; <what to do>`."""
    return [
        *_identity(env),
        *_network(env),
        *_cluster(env),
        *_stores(env),
        *_retention(env),
        *_workloads(env),
        *_names(env),
    ]


def _identity(env: Environment) -> Iterator[str]:
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", env.name):
        yield (
            f"name: {env.name!r} cannot be part of AWS and Kubernetes names; "
            "use lower-case letters, digits and single hyphens, a letter first"
        )
    if not re.fullmatch(r"\d{12}", env.account.id):
        yield (
            f"account.id: {env.account.id!r} is not 12 digits; "
            "`aws sts get-caller-identity` shows the account's id"
        )
    if not _is_region(env.account.region):
        yield f"account.region: {env.account.region!r} is not a region; write it as in 'eu-central-1'"
    copy_region = env.account.backup_copy_region
    if copy_region is not None and (
        not _is_region(copy_region) or copy_region == env.account.region
    ):
        yield f"account.backup_copy_region: {copy_region!r} is not another region; name one, or None"
    repository = env.repository
    subject = rf"repo:{re.escape(repository.owner)}(@\d+)?/{re.escape(repository.name)}(@\d+)?"
    if not re.fullmatch(subject, repository.oidc_subject):
        yield (
            f"repository.oidc_subject: {repository.oidc_subject!r} is not {repository.owner}/"
            f"{repository.name}, so others could deploy; use the sub_claim_prefix of `gh api "
            f"repos/{repository.owner}/{repository.name}/actions/oidc/customization/sub`"
        )


def _network(env: Environment) -> Iterator[str]:
    zones = env.network.zones
    if len(zones) < 2:
        yield f"network.zones: {len(zones)} listed, EKS and RDS need two; add one of the region's zones"
    if len(set(zones)) < len(zones):
        yield "network.zones: a zone is listed twice; name each once"
    for zone in zones:
        if not re.fullmatch(re.escape(env.account.region) + "[a-z]", zone):
            yield (
                f"network.zones: {zone!r} is not a zone of {env.account.region}; write it as in "
                + repr(f"{env.account.region}a")
            )
    if len(zones) > 4:
        yield f"network.zones: {len(zones)} listed, the address plan holds four; drop some"
    vpc = _cidr(env.network.vpc_cidr)
    if vpc is None:
        yield f"network.vpc_cidr: {env.network.vpc_cidr!r} is not an IPv4 network; write it as in '10.20.0.0/16'"
    elif not 16 <= vpc.prefixlen <= LARGEST_VPC_PREFIX:
        yield (
            f"network.vpc_cidr: a /{vpc.prefixlen} does not fit; pods take an address each, "
            f"use /16 to /{LARGEST_VPC_PREFIX}"
        )
    elif not vpc.is_private:
        yield f"network.vpc_cidr: {vpc} is a public range; use one of 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16"
    elif vpc.overlaps(IPv4Network(SERVICE_CIDR)):
        yield (
            f"network.vpc_cidr: {vpc} overlaps {SERVICE_CIDR}, where EKS puts Kubernetes services; "
            "choose another range"
        )
    for field, cidrs in (
        ("cluster.public_access_cidrs", env.cluster.public_access_cidrs),
        ("orchestrator.allowed_cidrs", env.orchestrator.allowed_cidrs),
    ):
        for text in cidrs:
            cidr = _cidr(text)
            if cidr is None:
                yield f"{field}: {text!r} is not an IPv4 network; write it as in '203.0.113.0/24'"
            elif cidr.prefixlen == 0:
                yield f"{field}: {text} is the whole internet; list the networks your people come from"
        found = [cidr for text in cidrs if (cidr := _cidr(text)) is not None]
        for index, one in enumerate(found):
            for other in found[index + 1 :]:
                if one.overlaps(other):
                    yield f"{field}: {one} and {other} overlap; keep the wider one"


def _cluster(env: Environment) -> Iterator[str]:
    if env.cluster.kubernetes_version not in catalog.EKS_VERSIONS:
        yield (
            f"cluster.kubernetes_version: EKS does not support {env.cluster.kubernetes_version!r}; "
            f"use one of {', '.join(catalog.EKS_VERSIONS)} (environments/catalog.py)"
        )
    yield from _node_group("cluster.general", env.cluster.general)
    yield from _node_group("cluster.workers_spot", env.cluster.workers_spot)
    if not env.cluster.admin_role_names:
        yield "cluster.admin_role_names: empty, so nobody could administer the cluster; name an IAM role"


def _node_group(field: str, group: NodeGroup) -> Iterator[str]:
    if not 0 <= group.min_size <= group.desired_size <= group.max_size or group.max_size < 1:
        yield (
            f"{field}: minimum {group.min_size}, desired {group.desired_size}, maximum "
            f"{group.max_size}; order them minimum <= desired <= maximum"
        )
    if not group.instance_types:
        yield f"{field}.instance_types: empty; name at least one EC2 instance type"
    unknown = [name for name in group.instance_types if name not in catalog.INSTANCE_TYPES]
    for name in unknown:
        yield f"{field}.instance_types: {name!r} is unknown; {_nearest_or_add(name)}"
    shapes = {
        (size.vcpus, size.memory_gib)
        for name in group.instance_types
        if (size := catalog.INSTANCE_TYPES.get(name)) is not None
    }
    if len(shapes) > 1:
        yield (
            f"{field}.instance_types: they differ in vCPUs or memory, which misleads the "
            "autoscaler; use types of one shape"
        )
    if group.disk_gib < 20:
        yield f"{field}.disk_gib: {group.disk_gib} GiB cannot hold the images; use at least 20"


def _nearest_or_add(name: str) -> str:
    family = name.split(".")[0]
    near = [known for known in catalog.INSTANCE_TYPES if known.startswith(family[:1])]
    return f"use one of {', '.join(near or catalog.INSTANCE_TYPES)}, or add it to environments/catalog.py"


def _stores(env: Environment) -> Iterator[str]:
    database, queue, clickhouse = env.database, env.queue, env.clickhouse
    if database.instance_class not in catalog.DATABASE_CLASSES:
        yield (
            f"database.instance_class: {database.instance_class!r} is unknown; use one of "
            f"{', '.join(sorted(catalog.DATABASE_CLASSES))}"
        )
    if not re.fullmatch(r"\d+", database.engine_version):
        yield (
            f"database.engine_version: {database.engine_version!r} is not a major; RDS applies minors "
            "by itself, write it as in '17'"
        )
    if database.storage_gib < 20:
        yield f"database.storage_gib: {database.storage_gib} GiB; gp3 on RDS starts at 20"
    if database.max_storage_gib < database.storage_gib * 1.26:
        yield (
            f"database.max_storage_gib: {database.max_storage_gib} GiB leaves no room to grow; RDS asks "
            f"for 26 % above storage_gib, use at least {int(database.storage_gib * 1.26) + 1}"
        )
    if (
        database.performance_insights_retention_days
        not in catalog.PERFORMANCE_INSIGHTS_RETENTION_DAYS
    ):
        yield (
            "database.performance_insights_retention_days: "
            f"{database.performance_insights_retention_days} is refused by AWS; use 7, 731 or a "
            "multiple of 31"
        )
    if queue.node_type not in catalog.CACHE_NODE_TYPES:
        yield (
            f"queue.node_type: {queue.node_type!r} is unknown; use one of "
            f"{', '.join(sorted(catalog.CACHE_NODE_TYPES))}"
        )
    if not re.fullmatch(r"\d+\.\d+", queue.engine_version):
        yield (
            f"queue.engine_version: {queue.engine_version!r} is not major.minor; ElastiCache applies "
            "patches by itself, write it as in '8.1'"
        )
    if not 0 <= queue.replicas <= 5:
        yield f"queue.replicas: {queue.replicas}; ElastiCache allows 0 to 5"
    if clickhouse.instance_type not in catalog.INSTANCE_TYPES:
        yield (
            f"clickhouse.instance_type: {clickhouse.instance_type!r} is unknown; "
            f"{_nearest_or_add(clickhouse.instance_type)}"
        )
    if not re.fullmatch(r"\d+\.\d+\.\d+\.\d+", clickhouse.version):
        yield (
            f"clickhouse.version: {clickhouse.version!r} is not a package's version; write all four "
            "numbers of an LTS release, as in '26.8.15.10'"
        )
    if clickhouse.nodes not in (1, 3, 5):
        yield f"clickhouse.nodes: {clickhouse.nodes} cannot form a Keeper quorum; use 1, 3 or 5"
    if clickhouse.data_volume_gib < 10:
        yield f"clickhouse.data_volume_gib: {clickhouse.data_volume_gib} GiB; use at least 10"
    if env.tier is Tier.PRODUCTION:
        if not database.multi_az:
            yield "database.multi_az: False in production; a zone loss would stop the API, set it to True"
        if not database.deletion_protection:
            yield "database.deletion_protection: False in production; set it to True"
        if queue.replicas == 0:
            yield "queue.replicas: 0 in production; a zone loss would lose the queue, use at least 1"
        if clickhouse.nodes == 1:
            yield "clickhouse.nodes: 1 in production; a node loss would lose results, use 3"
        if env.account.backup_copy_region is None or env.backup.copy_retention_days < 1:
            yield (
                "backup.copy_retention_days: production keeps a copy in a second region; set "
                "account.backup_copy_region and a retention"
            )
        if not env.backup.vault_locked:
            yield (
                "backup.vault_locked: False in production; whoever can delete data could delete its "
                "backups, set it to True"
            )


def _retention(env: Environment) -> Iterator[str]:
    for field, least in _REQUIRED_RETENTION_DAYS[env.tier].items():
        days = _value(env, field)
        most = _LONGEST_RETENTION_DAYS.get(field)
        if days < least:
            yield f"{field}: {days} days, the {env.tier} tier keeps at least {least}; raise it"
        elif most is not None and days > most:
            yield f"{field}: {days} days, AWS keeps at most {most}; lower it"
    for field in (
        "network.flow_log_retention_days",
        "cluster.log_retention_days",
        "database.log_retention_days",
        "queue.log_retention_days",
    ):
        if _value(env, field) not in catalog.LOG_RETENTION_DAYS:
            yield (
                f"{field}: CloudWatch Logs refuses {_value(env, field)} days; use one of "
                f"{', '.join(map(str, sorted(catalog.LOG_RETENTION_DAYS)))}"
            )


def _workloads(env: Environment) -> Iterator[str]:
    worker, calls = env.worker, env.worker.llm_calls
    yield from _resources("orchestrator.resources", env.orchestrator.resources)
    yield from _resources("worker.resources", worker.resources)
    if env.orchestrator.replicas < 1:
        yield "orchestrator.replicas: fewer than 1; the API would be off"
    if not 1 <= worker.min_replicas <= worker.max_replicas:
        yield (
            f"worker: minimum {worker.min_replicas}, maximum {worker.max_replicas} replicas; order "
            "them 1 <= minimum <= maximum"
        )
    if not 1 <= worker.target_cpu_percent <= 100:
        yield f"worker.target_cpu_percent: {worker.target_cpu_percent}; use 1 to 100"
    if worker.max_job_seconds < calls.timeout_seconds:
        yield (
            f"worker.max_job_seconds: {worker.max_job_seconds} s is shorter than one LLM call may take "
            f"({calls.timeout_seconds} s); raise it"
        )
    if (
        calls.max_attempts < 2
        or not 1 <= calls.initial_backoff_seconds <= calls.max_backoff_seconds
    ):
        yield (
            "worker.llm_calls: without retries and a growing backoff a 429 becomes a storm (B12); use at "
            "least 2 attempts and 1 <= initial_backoff_seconds <= max_backoff_seconds"
        )
    if calls.concurrency_per_worker < 1 or calls.requests_per_minute_per_worker < 1:
        yield "worker.llm_calls: concurrency and requests per minute start at 1"
    for image in Image:
        if not re.search(r"@sha256:[0-9a-f]{64}$", Names(env).image(image)):
            yield f"images.{image}: not a digest; write 'sha256:' and 64 hexadecimal digits (images.json)"
    if not re.fullmatch(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}", env.orchestrator.hostname):
        yield f"orchestrator.hostname: {env.orchestrator.hostname!r} is not a DNS name; use one you own"


def _resources(field: str, resources: Resources) -> Iterator[str]:
    for what, unit in (("cpu", "millicores"), ("memory", "mib")):
        request = getattr(resources, f"{what}_request_{unit}")
        limit = getattr(resources, f"{what}_limit_{unit}")
        if not 0 < request <= limit:
            yield (
                f"{field}: {what} request {request} against limit {limit} {unit}; order them "
                "0 < request <= limit"
            )


def _names(env: Environment) -> Iterator[str]:
    names = Names(env)
    # Limits: S3 63, IAM role 64, ElastiCache replication group and user 40, RDS 63, EKS cluster 100,
    # Secrets Manager 512, Kubernetes label 63 (each service's API reference).
    longest: tuple[tuple[str, str, int], ...] = (
        *(("S3 bucket", names.bucket(bucket), 63) for bucket in Bucket),
        ("IAM role", names.prefix + "x" * _ROLE_SUFFIX_LENGTH, 64),
        ("ElastiCache replication group", names.aws("redis"), 40),
        ("ElastiCache user", names.aws(REDIS_APP_USER), 40),
        ("RDS instance", names.aws("postgres"), 63),
        ("EKS cluster", names.cluster, 100),
        ("Kubernetes label", f"{names.prefix}-{max(Stack, key=len)}", 63),
        *(("Secrets Manager", names.secret(secret), 512) for secret in Secret),
    )
    for kind, name, limit in longest:
        if len(name) > limit:
            yield (
                f"name: makes the {kind} name {name!r} {len(name)} characters long, {limit} are "
                f"allowed; shorten the environment's name by {len(name) - limit}"
            )


def _value(env: Environment, field: str) -> int:
    value: object = env
    for part in field.split("."):
        value = getattr(value, part)
    assert isinstance(value, int)
    return value


def _cidr(text: str) -> IPv4Network | None:
    try:
        return IPv4Network(text)
    except ValueError:
        return None


def _is_region(text: str) -> bool:
    return re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", text) is not None
