"""Synthetic series of the exporters: queue, cluster, AWS and ClickHouse."""

from collections.abc import Iterator

from environments.names import (
    MONITORING_NAMESPACE,
    NAMESPACE,
    NODE_POOL_LABEL,
    REDIS_QUEUE_KEY,
    RESTORED_STORES,
    WORKER_POOL,
    App,
    Names,
)
from environments.spec import Environment
from evalctl.board_pages.load import Queue, at_load, day, load
from evalctl.board_pages.series import (
    DAY,
    HOUR,
    Curve,
    Maker,
    Series,
    Times,
    counters,
    gauge,
    gauges,
)
from telemetry.contract import Metric

_NODE_LABEL = "label_" + NODE_POOL_LABEL.translate(str.maketrans("./-", "___"))


def makers(env: Environment, queue: Queue) -> dict[str, Maker]:
    """Metric name → the function that creates its series."""
    return _queue(queue) | _cluster(env, queue) | _aws(env, queue) | _clickhouse(Names(env))


def _queue(queue: Queue) -> dict[str, Maker]:
    return {
        "redis_up": gauges(lambda t: 1),
        "redis_key_size": gauges(queue.waiting, {"db": "db0", "key": REDIS_QUEUE_KEY}),
        "redis_memory_used_bytes": gauges(lambda t: 40e6 + 9_000 * queue.waiting(t)),
        "redis_memory_max_bytes": gauges(lambda t: 4e9),
    }


def _cluster(env: Environment, queue: Queue) -> dict[str, Maker]:
    def deployments(metric: Metric, times: Times) -> Iterator[Series]:
        replicas: tuple[tuple[App, Curve], ...] = (
            (App.ORCHESTRATOR, lambda t: env.orchestrator.replicas),
            (App.WORKER, queue.workers),
        )
        for app, curve in replicas:
            yield gauge(metric, {"namespace": NAMESPACE, "deployment": app}, curve, times)

    autoscaler = {"namespace": NAMESPACE, "horizontalpodautoscaler": str(App.WORKER)}
    volume = {"namespace": MONITORING_NAMESPACE, "persistentvolumeclaim": "prometheus-0"}
    nodes = [
        {"node": f"spot-{index}", _NODE_LABEL: WORKER_POOL}
        for index in range(env.cluster.workers_spot.desired_size)
    ]
    restarts = [
        (
            {"namespace": NAMESPACE, "pod": f"{app}-0", "container": str(app)},
            lambda t: 1 / (3 * DAY),
        )
        for app in (App.ORCHESTRATOR, App.WORKER)
    ]
    return {
        "kube_deployment_status_replicas_available": deployments,
        "kube_horizontalpodautoscaler_spec_max_replicas": gauges(
            lambda t: env.worker.max_replicas, autoscaler
        ),
        "kube_horizontalpodautoscaler_status_condition": gauges(
            lambda t: 0, autoscaler | {"condition": "ScalingActive", "status": "false"}
        ),
        "kube_horizontalpodautoscaler_status_current_replicas": gauges(queue.workers, autoscaler),
        "kube_pod_container_status_restarts_total": counters(*restarts),
        "kube_node_labels": gauges(lambda t: 1, *nodes),
        "kubelet_volume_stats_available_bytes": gauges(lambda t: 31e9 - 2e9 * day(t), volume),
        "kubelet_volume_stats_capacity_bytes": gauges(lambda t: 53.7e9, volume),
    }


def _aws(env: Environment, queue: Queue) -> dict[str, Maker]:
    names = Names(env)
    account = env.account
    database = {"dimension_DBInstanceIdentifier": names.aws("postgres")}
    balancer = {"dimension_LoadBalancer": f"app/{names.load_balancer}/synthetic"}
    vault = {"dimension_BackupVaultName": names.aws("backups")}
    arn = f"arn:aws:acm:{account.region}:{account.id}:certificate/synthetic"
    end = queue.history.end
    kinds = [vault | {"dimension_ResourceType": kind} for kind in ("RDS", "S3")]

    def at_hour(hour: int, count: int) -> Curve:
        """A number that is not zero in one hour of the day."""
        return lambda t: count if t % DAY // HOUR == hour else 0

    def backups(metric: Metric, times: Times) -> Iterator[Series]:
        for kind, jobs in zip(kinds, (1, 3), strict=True):
            yield gauge(metric, kind, at_hour(22, jobs), times)

    return {
        "aws_rds_database_connections_average": gauges(lambda t: 25 + 60 * load(t), database),
        "aws_rds_free_storage_space_average": gauges(lambda t: 71e9 - 3e9 * day(t), database),
        "aws_rds_cpuutilization_average": gauges(lambda t: 6 + 30 * load(t), database),
        "aws_applicationelb_httpcode_elb_5_xx_count_sum": gauges(at_hour(14, 2), balancer),
        "aws_applicationelb_target_connection_error_count_sum": gauges(at_hour(14, 1), balancer),
        "aws_backup_number_of_backup_jobs_completed_sum": backups,
        "aws_backup_number_of_backup_jobs_failed_sum": gauges(lambda t: 0, *kinds),
        "aws_backup_number_of_backup_jobs_expired_sum": gauges(lambda t: 0, *kinds),
        "aws_backup_number_of_copy_jobs_completed_sum": backups,
        "aws_backup_number_of_copy_jobs_failed_sum": gauges(lambda t: 0, *kinds),
        "aws_eval_platform_clickhouse_backups_completed_sum": gauges(at_hour(2, 1)),
        "aws_eval_platform_last_restore_maximum": gauges(
            lambda t: t - t % (7 * DAY),
            *({"dimension_Store": store} for store in RESTORED_STORES),
        ),
        "aws_certificatemanager_days_to_expiry_minimum": gauges(
            lambda t: 204 + (end - t) / DAY, {"dimension_CertificateArn": arn}
        ),
        "aws_billing_estimated_charges_maximum": gauges(
            lambda t: 82 * day(t), {"dimension_Currency": "USD"}
        ),
    }


def _clickhouse(names: Names) -> dict[str, Maker]:
    nodes = [{"instance": host} for host in names.clickhouse_hosts]
    return {
        "ClickHouseAsyncMetrics_ReplicasMaxAbsoluteDelay": gauges(lambda t: 0, *nodes),
        "ClickHouseAsyncMetrics_DiskAvailable_default": gauges(
            lambda t: 380e9 - 5e9 * day(t), *nodes
        ),
        "ClickHouseAsyncMetrics_DiskTotal_default": gauges(lambda t: 527e9, *nodes),
        "ClickHouseProfileEvents_FailedQuery": counters(
            *((node, at_load(0.0004)) for node in nodes)
        ),
        "up": gauges(lambda t: 1, *nodes),
    }
