"""The board of the site reliability engineers (B7): whether the platform works, and what may stop it."""

from dashboards.boards import (
    backup_health,
    clickhouse_health,
    postgres_health,
    queue_health,
    service_health,
    telemetry_health,
    upkeep_health,
    worker_health,
)
from dashboards.observable import Board, Owner, Row
from environments.spec import Environment


def board(env: Environment) -> Board:
    """Service, queue, workers, and the stores that they use."""
    return Board(
        uid="platform-health",
        title="Platform Health",
        owner=Owner.SRE,
        days_shown=1,
        description="Whether evaluations are accepted, wait, run and end as they should.",
        rows=(
            Row(title="Service", observables=service_health.observables(env)),
            Row(title="Queue", observables=queue_health.observables()),
            Row(title="Workers", observables=worker_health.observables()),
            Row(title="PostgreSQL", observables=postgres_health.observables(env)),
            Row(title="ClickHouse", observables=clickhouse_health.observables(env)),
            Row(title="Backups", observables=backup_health.observables(env)),
            Row(title="Upkeep", observables=upkeep_health.observables()),
            Row(title="Telemetry", observables=telemetry_health.observables()),
        ),
    )
