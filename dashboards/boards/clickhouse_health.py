"""ClickHouse: nodes, replication, disks, queries."""

from dashboards.observable import (
    Alert,
    Observable,
    Promql,
    Severity,
    Threshold,
    ThresholdAlert,
    Unit,
)
from environments.spec import Environment

REPLICATION_DELAY_LIMIT_SECONDS = 300
LEAST_FREE_DISK = 0.15  # share of a data volume


def observables(env: Environment) -> tuple[Observable, ...]:
    return (_clickhouse_up(env), _clickhouse_delay(), _clickhouse_disk(), _clickhouse_failures())


def _clickhouse_up(env: Environment) -> Observable:
    return Observable(
        id="clickhouse-nodes",
        title="ClickHouse nodes up",
        meaning="Nodes that Prometheus reaches. Inserts need a majority of them.",
        queries=(Promql(expr='sum(up{job="clickhouse"})', legend="nodes"),),
        unit=Unit.COUNT,
        thresholds=(
            Threshold(value=env.clickhouse.nodes, severity=Severity.CRITICAL, reason="all nodes"),
        ),
        higher_is_better=True,
        what_to_do=(
            "`aws ssm start-session --target INSTANCE`, then `journalctl -u clickhouse-node`.",
            "If the instance is gone: docs/clickhouse.md, *Replacing a node*.",
        ),
        other_alerts=(
            Alert(
                name="ClickHouseNodeDown",
                expr='up{job="clickhouse"} == 0',
                for_minutes=5,
                severity=Severity.CRITICAL,
                summary="ClickHouse node {{ $labels.instance }} does not answer",
                description="With one more node down in a cluster of three, inserts stop.",
            ),
        ),
    )


def _clickhouse_delay() -> Observable:
    delay = "max(ClickHouseAsyncMetrics_ReplicasMaxAbsoluteDelay)"
    return Observable(
        id="clickhouse-replication",
        title="ClickHouse replication delay",
        meaning="How far the slowest replica is behind; its readers see old results.",
        queries=(Promql(expr=delay, legend="delay"),),
        unit=Unit.SECONDS,
        thresholds=(
            Threshold(
                value=REPLICATION_DELAY_LIMIT_SECONDS,
                severity=Severity.WARNING,
                reason="dashboards of the last minutes then differ between nodes",
                alert=ThresholdAlert(
                    name="ClickHouseReplicationDelayed",
                    for_minutes=10,
                    summary="A ClickHouse replica is {{ $value | humanizeDuration }} behind",
                    description="A replica has been more than five minutes behind for ten minutes.",
                ),
            ),
        ),
        higher_is_better=False,
        what_to_do=(
            "`SELECT * FROM system.replication_queue WHERE last_exception != ''` on the slow node.",
            "A node that was just replaced catches up by itself.",
        ),
    )


def _clickhouse_disk() -> Observable:
    free = "min(ClickHouseAsyncMetrics_DiskAvailable_default / ClickHouseAsyncMetrics_DiskTotal_default)"
    return Observable(
        id="clickhouse-disk",
        title="ClickHouse free disk",
        meaning="Free share of the fullest data volume; merges need space for a copy.",
        queries=(Promql(expr=free, legend="free"),),
        unit=Unit.RATIO,
        thresholds=(
            Threshold(
                value=LEAST_FREE_DISK,
                severity=Severity.CRITICAL,
                reason="the largest merges stop for lack of space",
                alert=ThresholdAlert(
                    name="ClickHouseDiskLow",
                    for_minutes=15,
                    summary="A ClickHouse node has {{ $value | humanizePercentage }} of its disk left",
                    description="When it is full, ClickHouse refuses results.",
                ),
            ),
        ),
        higher_is_better=True,
        what_to_do=(
            "Raise `clickhouse.data_volume_gib` and deploy, then `systemctl restart clickhouse-node` "
            "on each node; volumes grow in place.",
        ),
    )


def _clickhouse_failures() -> Observable:
    return Observable(
        id="clickhouse-failed-queries",
        title="ClickHouse failed queries",
        meaning="Queries per second that failed on a node.",
        queries=(
            Promql(
                expr="sum by (instance) (rate(ClickHouseProfileEvents_FailedQuery[$__rate_interval]))",
                legend="{{instance}}",
            ),
        ),
        unit=Unit.PER_SECOND,
        higher_is_better=False,
        what_to_do=(
            "`SELECT exception, count() FROM system.query_log WHERE exception != '' AND event_time > "
            "now() - 3600 GROUP BY 1 ORDER BY 2 DESC`.",
        ),
        no_alert=(
            "a person's mistyped query counts too; a worker that cannot write counts as a failed job"
        ),
    )
