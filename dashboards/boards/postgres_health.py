"""PostgreSQL: connections, storage, CPU."""

from dashboards.observable import Observable, Promql, Severity, Threshold, ThresholdAlert, Unit
from environments.spec import Environment

_GIB = 2**30


def observables(env: Environment) -> tuple[Observable, ...]:
    return (_connections(env), _database_storage(env), _database_cpu())


def _connections(env: Environment) -> Observable:
    most = env.database.max_connections
    limit = round(most * 0.8)
    open_ = "max(aws_rds_database_connections_average)"
    return Observable(
        id="postgres-connections",
        title="PostgreSQL connections",
        meaning="Open connections. At the maximum, pods cannot connect and the API is not ready.",
        queries=(Promql(expr=open_, legend="open"),),
        unit=Unit.COUNT,
        thresholds=(
            Threshold(
                value=limit,
                severity=Severity.WARNING,
                reason=f"four fifths of max_connections, {most}: a rollout doubles the pods",
                alert=ThresholdAlert(
                    name="DatabaseConnectionsHigh",
                    for_minutes=10,
                    summary="PostgreSQL has {{ $value | humanize }} open connections",
                    description=f"The maximum is {most}.",
                ),
            ),
        ),
        higher_is_better=False,
        what_to_do=(
            "To see who holds them: `SELECT usename, state, count(*) FROM pg_stat_activity GROUP BY 1, 2`.",
            "If many are idle, the pods' pools are too large. Otherwise raise `database.max_connections` with the "
            "instance class; this takes a restart.",
        ),
    )


def _database_storage(env: Environment) -> Observable:
    limit = round(env.database.storage_gib * _GIB * 0.1)
    free = "min(aws_rds_free_storage_space_average)"
    return Observable(
        id="postgres-free-storage",
        title="PostgreSQL free storage",
        meaning="RDS adds storage by itself until it reaches `database.max_storage_gib`.",
        queries=(Promql(expr=free, legend="free"),),
        unit=Unit.BYTES,
        thresholds=(
            Threshold(
                value=limit,
                severity=Severity.CRITICAL,
                reason="a tenth of the storage; there RDS grows it, unless it is at its maximum",
                alert=ThresholdAlert(
                    name="DatabaseStorageLow",
                    for_minutes=30,
                    summary="PostgreSQL has {{ $value | humanize1024 }}B of storage left",
                    description="RDS has not grown it for half an hour; full storage stops the API.",
                ),
            ),
        ),
        higher_is_better=True,
        what_to_do=(
            "If storage is at `max_storage_gib`, raise it and deploy; RDS grows in place, once in six hours.",
            "To find the largest tables: `SELECT relname, pg_size_pretty(pg_total_relation_size(oid)) FROM pg_class "
            "ORDER BY pg_total_relation_size(oid) DESC LIMIT 10`.",
        ),
    )


def _database_cpu() -> Observable:
    return Observable(
        id="postgres-cpu",
        title="PostgreSQL CPU",
        meaning="CPU use of the database.",
        queries=(Promql(expr="max(aws_rds_cpuutilization_average)", legend="CPU"),),
        unit=Unit.PERCENT,
        higher_is_better=False,
        what_to_do=("Performance Insights in the RDS console lists the statements.",),
        no_alert="a busy database that answers is not a fault; a slow API shows above",
    )
