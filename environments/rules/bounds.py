"""The limits of numbers that no other rule limits: a slip of a digit is noticed before AWS refuses it."""

from collections.abc import Iterator

from environments.rules.values import value_at
from environments.spec import Environment

# EBS user guide, "General Purpose SSD volumes"; 16,384 until September 2025 (AWS re:Invent 2025, STG320).
_GP3_GIB = 65_536
_RDS_GIB = 65_536  # RDS API reference, CreateDBInstance: AllocatedStorage
# General Reference, "Amazon EKS endpoints and quotas": nodes per managed node group, without a request for more.
_NODES = 450
_CENTURY = 36_500  # AWS Backup API reference, PutBackupVaultLockConfiguration: MaxRetentionDays

# Where no source is named, more than this platform was made for.
_MOST = {
    "cluster.general.max_size": _NODES,
    "cluster.general.disk_gib": _GP3_GIB,
    "cluster.workers_spot.max_size": _NODES,
    "cluster.workers_spot.disk_gib": _GP3_GIB,
    "controller_replicas": 5,
    "database.storage_gib": _RDS_GIB,
    "database.max_storage_gib": _RDS_GIB,
    # The most that RDS chooses by itself for PostgreSQL (RDS user guide, "Quotas": maximum connections).
    "database.max_connections": 5_000,
    "clickhouse.data_volume_gib": _GP3_GIB,
    "clickhouse.backup_retention_days": _CENTURY,
    "storage.report_retention_days": _CENTURY,
    "storage.noncurrent_version_retention_days": _CENTURY,
    "storage.access_log_retention_days": _CENTURY,
    "backup.monthly_retention_days": _CENTURY,
    "backup.copy_retention_days": _CENTURY,
    "monitoring.prometheus_replicas": 5,
    "monitoring.prometheus_storage_gib": _GP3_GIB,
    "monitoring.alertmanager_replicas": 5,
    "orchestrator.replicas": 100,
    "worker.max_replicas": 2_000,
    "worker.unfinished_jobs_per_replica": 1_000,
    "worker.job_concurrency": 1_000,
    "worker.max_job_seconds": 86_400,
    "worker.llm_calls.provider_requests_per_minute": 10_000_000,
    "worker.llm_calls.provider_tokens_per_minute": 10_000_000_000,
    "worker.llm_calls.concurrency_per_worker": 1_000,
    "worker.llm_calls.max_attempts": 20,
    "worker.llm_calls.max_backoff_seconds": 3_600,
    "worker.llm_calls.timeout_seconds": 3_600,
    "objectives.daily_llm_budget_usd": 1_000_000,
    "objectives.monthly_aws_budget_usd": 1_000_000,
}

_LEAST = {
    "storage.report_retention_days": 1,
    "backup.monthly_retention_days": 0,
    "backup.copy_retention_days": 0,
    "worker.llm_calls.timeout_seconds": 1,
}


def problems(env: Environment) -> Iterator[str]:
    for field, most in _MOST.items():
        if (value := value_at(env, field)) > most:
            yield f"{field}: {value}; use at most {most}"
    for field, least in _LEAST.items():
        if (value := value_at(env, field)) < least:
            yield f"{field}: {value}; use at least {least}"
