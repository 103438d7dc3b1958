"""How long data, logs and backups are kept."""

from collections.abc import Iterator

from environments import catalog
from environments.rules.values import value_at
from environments.spec import Environment, Tier

# The least days for which a tier keeps its data. A regression in an evaluation is often noticed after a
# release cycle of four weeks; audit logs are kept for a year.
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
        "monitoring.prometheus_retention_days": 7,
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
        "monitoring.prometheus_retention_days": 28,
    },
}

# The most days for which AWS keeps each (RDS: CreateDBInstance; ElastiCache: CreateReplicationGroup;
# Secrets Manager: DeleteSecret; AWS Backup: continuous backups).
_LONGEST_RETENTION_DAYS = {
    "database.backup_retention_days": 35,
    "queue.snapshot_retention_days": 35,
    "secret_recovery_days": 30,
    "backup.daily_retention_days": 35,
}


def problems(env: Environment) -> Iterator[str]:
    for field, least in _REQUIRED_RETENTION_DAYS[env.tier].items():
        days = value_at(env, field)
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
        if value_at(env, field) not in catalog.LOG_RETENTION_DAYS:
            yield (
                f"{field}: CloudWatch Logs refuses {value_at(env, field)} days; use one of "
                f"{', '.join(map(str, sorted(catalog.LOG_RETENTION_DAYS)))}"
            )
