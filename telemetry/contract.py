"""The telemetry contract: every metric and table column that the planes rely on, and who emits it.

Dashboards, alerts, recording rules and autoscaling may use only names from here; a test finds any
other. Several planes must agree on it, and planes never import each other
(docs/decisions/0006-telemetry-contract.md). `docs/telemetry.md` is made from it.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import partial


class MetricType(StrEnum):
    """Prometheus' metric types, as its exposition format spells them."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Emitter(StrEnum):
    """Who emits a metric or writes a row; for a metric, also Prometheus' `job` label."""

    ORCHESTRATOR = "orchestrator"
    WORKER = "worker"
    REDIS_EXPORTER = "prometheus-redis-exporter"
    KUBE_STATE_METRICS = "kube-state-metrics"
    KUBELET = "kubelet"
    CLOUDWATCH_EXPORTER = "prometheus-yet-another-cloudwatch-exporter"
    CLICKHOUSE = "clickhouse"


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric family; `labels` are those that queries may use, besides `job` and `instance`.

    A metric that is `always_present` is exported for as long as its emitter runs, so an alert fires
    when it is missing. Any other metric appears when its event has happened for the first time.
    """

    name: str
    type: MetricType
    labels: tuple[str, ...]
    unit: str
    emitter: Emitter
    meaning: str
    always_present: bool

    @property
    def series(self) -> tuple[str, ...]:
        """The names under which Prometheus stores it."""
        if self.type is MetricType.HISTOGRAM:
            return tuple(f"{self.name}_{part}" for part in ("bucket", "sum", "count"))
        return (self.name,)


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a ClickHouse table."""

    name: str
    type: str  # as ClickHouse spells it
    meaning: str


@dataclass(frozen=True, kw_only=True)
class Table:
    """A ClickHouse table; rows are dropped `retention_days` after the time in `time_column`."""

    name: str
    meaning: str
    emitter: Emitter
    columns: tuple[Column, ...]
    order_by: tuple[str, ...]
    time_column: str
    retention_days: int


def _metric(
    type_: MetricType,
    name: str,
    *labels: str,
    unit: str,
    meaning: str,
    always_present: bool | None = None,
) -> partial[Metric]:
    """A metric that lacks its emitter. A gauge is always present unless stated otherwise."""
    return partial(
        Metric,
        name=name,
        type=type_,
        labels=labels,
        unit=unit,
        meaning=meaning,
        always_present=type_ is MetricType.GAUGE if always_present is None else always_present,
    )


_counter = partial(_metric, MetricType.COUNTER)
_gauge = partial(_metric, MetricType.GAUGE)
_histogram = partial(_metric, MetricType.HISTOGRAM)

# OpenTelemetry's conventions in their Prometheus spelling: dots become underscores, the unit becomes
# a suffix (specification, "Prometheus and OpenMetrics Compatibility").
_LLM = ("gen_ai_provider_name", "gen_ai_request_model")

_DECLARED = {
    # What the platform's own programs must emit on METRICS_PORT.
    Emitter.ORCHESTRATOR: (
        _histogram(
            "http_server_request_duration_seconds",
            "http_request_method",
            "http_route",
            "http_response_status_code",
            unit="seconds",
            meaning="Response time of the API, by route and status (OpenTelemetry HTTP metrics).",
            always_present=True,  # the kubelets send a request every few seconds
        ),
        _gauge(
            "eval_queue_oldest_job_age_seconds",
            unit="seconds",
            meaning="How long the job that waits longest has waited; 0 while none waits.",
        ),
        _counter(
            "eval_test_runs_total",
            "outcome",
            unit="test runs",
            meaning="Test runs that ended, by outcome (succeeded, failed). A run is many jobs.",
            always_present=True,  # 0 of each outcome at the start: increase() misses a series' first value
        ),
    ),
    Emitter.WORKER: (
        _counter(
            "eval_jobs_total",
            "outcome",
            unit="jobs",
            meaning=(
                "Jobs that ended, by outcome: succeeded, failed, or crashed. The worker that takes over a "
                "dead worker's job counts the crash."
            ),
            always_present=True,  # 0 of each outcome at the start: increase() misses a series' first value
        ),
        _histogram(
            "eval_job_duration_seconds",
            "outcome",
            unit="seconds",
            meaning="How long jobs ran.",
        ),
        _gauge(
            "eval_jobs_in_progress",
            unit="jobs",
            meaning="Jobs that a worker is running now.",
        ),
        _histogram(
            "gen_ai_client_operation_duration_seconds",
            "gen_ai_operation_name",
            *_LLM,
            "error_type",
            unit="seconds",
            meaning=(
                "Duration of one call of an LLM provider; each retry is a call. `error_type` is empty for "
                "a success and the HTTP status, as in 429, for a refusal (OpenTelemetry GenAI metrics)."
            ),
        ),
        _histogram(
            "gen_ai_client_token_usage",
            "gen_ai_operation_name",
            *_LLM,
            "gen_ai_token_type",
            unit="tokens",
            meaning="Tokens billed for one call, input and output separately (OpenTelemetry GenAI metrics).",
        ),
        _counter(
            "eval_llm_cost_usd_total",
            *_LLM,
            unit="US dollars",
            meaning="Cost of calls by the provider's price list on the day of the call.",
        ),
        _counter(
            "eval_llm_retries_total",
            *_LLM,
            "reason",
            unit="retries",
            meaning="Calls that were repeated, by reason (rate_limited, timeout, server_error).",
        ),
    ),
    Emitter.REDIS_EXPORTER: (
        _gauge(
            "redis_up",
            unit="1 or 0",
            meaning="Whether the exporter can connect to the queue.",
        ),
        _gauge(
            "redis_key_size",
            "db",
            "key",
            unit="jobs",
            meaning="Length of a list; for the queue's key, the number of waiting jobs.",
        ),
        _gauge(
            "redis_memory_used_bytes",
            unit="bytes",
            meaning="Memory that the queue uses.",
        ),
        _gauge(
            "redis_memory_max_bytes",
            unit="bytes",
            meaning="Maximum memory of the queue; beyond it, writes are refused (noeviction).",
        ),
    ),
    Emitter.KUBE_STATE_METRICS: (
        _gauge(
            "kube_deployment_status_replicas_available",
            "namespace",
            "deployment",
            unit="pods",
            meaning="Pods of a Deployment that are ready to serve.",
        ),
        _gauge(
            "kube_horizontalpodautoscaler_spec_max_replicas",
            "namespace",
            "horizontalpodautoscaler",
            unit="pods",
            meaning="Upper bound of an autoscaler.",
        ),
        _gauge(
            "kube_horizontalpodautoscaler_status_current_replicas",
            "namespace",
            "horizontalpodautoscaler",
            unit="pods",
            meaning="Current number of pods of an autoscaler.",
        ),
        _gauge(
            "kube_horizontalpodautoscaler_status_condition",
            "namespace",
            "horizontalpodautoscaler",
            "condition",
            "status",
            unit="1",
            meaning="Whether an autoscaler's condition has this status.",
        ),
        _counter(
            "kube_pod_container_status_restarts_total",
            "namespace",
            "pod",
            "container",
            unit="restarts",
            meaning="Restarts of a container.",
            always_present=True,
        ),
        _gauge(
            "kube_node_labels",
            "node",
            "label_eval_platform_io_pool",
            unit="1",
            meaning="One series for each node, with its pool.",
        ),
    ),
    Emitter.KUBELET: (
        _gauge(
            "kubelet_volume_stats_available_bytes",
            "namespace",
            "persistentvolumeclaim",
            unit="bytes",
            meaning="Free space of a volume in the cluster.",
        ),
        _gauge(
            "kubelet_volume_stats_capacity_bytes",
            "namespace",
            "persistentvolumeclaim",
            unit="bytes",
            meaning="Size of a volume in the cluster.",
        ),
    ),
    Emitter.CLOUDWATCH_EXPORTER: (
        _gauge(
            "aws_rds_database_connections_average",
            "dimension_DBInstanceIdentifier",
            unit="connections",
            meaning="Open connections to PostgreSQL.",
        ),
        _gauge(
            "aws_rds_free_storage_space_average",
            "dimension_DBInstanceIdentifier",
            unit="bytes",
            meaning="Free storage of PostgreSQL.",
        ),
        _gauge(
            "aws_rds_cpuutilization_average",
            "dimension_DBInstanceIdentifier",
            unit="percent",
            meaning="CPU that PostgreSQL uses.",
        ),
        _gauge(
            "aws_applicationelb_httpcode_elb_5_xx_count_sum",
            "dimension_LoadBalancer",
            unit="requests",
            meaning=(
                "Requests of five minutes that the load balancer itself answered with a server error; no "
                "program saw them."
            ),
            always_present=False,  # CloudWatch has it after the first error
        ),
        _gauge(
            "aws_applicationelb_target_connection_error_count_sum",
            "dimension_LoadBalancer",
            unit="connections",
            meaning="Connections of five minutes that the load balancer could not open to a pod.",
            always_present=False,
        ),
        *(
            _gauge(
                name,
                "dimension_BackupVaultName",
                "dimension_ResourceType",
                unit="jobs",
                meaning=f"{jobs} within the last full hour, by the type of resource.",
                always_present=False,
            )
            for name, jobs in (
                (
                    "aws_backup_number_of_backup_jobs_completed_sum",
                    "Backup jobs that AWS Backup completed",
                ),
                ("aws_backup_number_of_backup_jobs_failed_sum", "Backup jobs that failed"),
                (
                    "aws_backup_number_of_backup_jobs_expired_sum",
                    "Backup jobs that did not start in their start window",
                ),
                (
                    "aws_backup_number_of_copy_jobs_completed_sum",
                    "Copies to another region that AWS Backup completed",
                ),
                (
                    "aws_backup_number_of_copy_jobs_failed_sum",
                    "Copies to another region that failed",
                ),
            )
        ),
        _gauge(
            "aws_eval_platform_clickhouse_backups_completed_sum",
            unit="backups",
            meaning="Backups that ClickHouse's nodes completed within the last full hour.",
            always_present=False,
        ),
        _gauge(
            "aws_eval_platform_last_restore_maximum",
            "dimension_Store",
            unit="seconds since 1970",
            meaning=(
                "When the newest backup of a store (ClickHouse, PostgreSQL) was last restored and "
                "checked (docs/restore-drill.md)."
            ),
            always_present=False,  # from the first drill on, and for two weeks after the last one
        ),
        _gauge(
            "aws_certificatemanager_days_to_expiry_minimum",
            "dimension_CertificateArn",
            unit="days",
            meaning="Days until a certificate of the load balancer expires; not reported after that.",
            always_present=False,  # ACM reports it once or twice a day, and not for an expired certificate
        ),
        _gauge(
            "aws_billing_estimated_charges_maximum",
            "dimension_Currency",
            unit="USD",
            meaning="What AWS has billed the account since the start of the month.",
            always_present=False,  # only if a person has switched billing alerts on in the account
        ),
    ),
    Emitter.CLICKHOUSE: (
        _gauge(
            "ClickHouseAsyncMetrics_ReplicasMaxAbsoluteDelay",
            unit="seconds",
            meaning="How far the slowest table of a node lags behind the newest replica.",
        ),
        _gauge(
            "ClickHouseAsyncMetrics_DiskAvailable_default",
            unit="bytes",
            meaning="Free space of a node's data volume.",
        ),
        _gauge(
            "ClickHouseAsyncMetrics_DiskTotal_default",
            unit="bytes",
            meaning="Size of a node's data volume.",
        ),
        _counter(
            "ClickHouseProfileEvents_FailedQuery",
            unit="queries",
            meaning="Queries that failed on a node.",
        ),
        # Prometheus' own: 1 while a scrape of the target works.
        _gauge("up", unit="1 or 0", meaning="Whether Prometheus can scrape the target."),
    ),
}

METRICS = tuple(
    declared(emitter=emitter) for emitter, group in _DECLARED.items() for declared in group
)
(UP,) = (metric for metric in METRICS if metric.name == "up")

EVALUATION_RESULTS = Table(
    name="evaluation_results",
    meaning="One score of one case under one metric in one test run.",
    emitter=Emitter.WORKER,
    columns=(
        Column(
            name="evaluated_at", type="DateTime64(3, 'UTC')", meaning="When the score was given."
        ),
        Column(
            name="environment", type="LowCardinality(String)", meaning="Environment of the agent."
        ),
        Column(name="run_id", type="UUID", meaning="The test run."),
        Column(name="build", type="String", meaning="Git commit of the agent that was evaluated."),
        Column(name="built_at", type="DateTime('UTC')", meaning="When that commit was built."),
        Column(name="branch", type="LowCardinality(String)", meaning="Git branch of the build."),
        Column(name="dataset", type="LowCardinality(String)", meaning="Data set and its version."),
        Column(name="case_id", type="String", meaning="The case in the data set."),
        Column(name="topic", type="LowCardinality(String)", meaning="Subject of the case."),
        Column(
            name="metric",
            type="LowCardinality(String)",
            meaning="Name of the metric, as in faithfulness.",
        ),
        Column(name="score", type="Float64", meaning="Between 0 and 1."),
        Column(name="threshold", type="Float64", meaning="The lowest score that counts as right."),
        Column(name="judge_model", type="LowCardinality(String)", meaning="The LLM that judged."),
        Column(name="reason", type="String", meaning="The judge's reason for the score."),
    ),
    order_by=("environment", "metric", "topic", "evaluated_at", "run_id", "case_id"),
    time_column="evaluated_at",
    retention_days=730,  # trends are compared over releases of the last two years
)

LLM_CALLS = Table(
    name="llm_calls",
    meaning="One call of an LLM provider, to find costs by run and slow or refused calls.",
    emitter=Emitter.WORKER,
    columns=(
        Column(name="called_at", type="DateTime64(3, 'UTC')", meaning="When the call began."),
        Column(
            name="environment", type="LowCardinality(String)", meaning="Environment of the worker."
        ),
        Column(name="run_id", type="UUID", meaning="The test run that the call was made for."),
        Column(name="provider", type="LowCardinality(String)", meaning="As in openai."),
        Column(name="model", type="LowCardinality(String)", meaning="The requested model."),
        Column(name="operation", type="LowCardinality(String)", meaning="As in chat."),
        Column(name="input_tokens", type="UInt32", meaning="Tokens billed for the prompt."),
        Column(name="output_tokens", type="UInt32", meaning="Tokens billed for the answer."),
        Column(name="cost_usd", type="Decimal(12, 6)", meaning="By the price list of the day."),
        Column(name="duration_ms", type="UInt32", meaning="Time until the last byte."),
        Column(name="attempt", type="UInt8", meaning="1 for the first try."),
        Column(name="error_type", type="LowCardinality(String)", meaning="Empty for a success."),
    ),
    order_by=("environment", "model", "called_at", "run_id"),
    time_column="called_at",
    retention_days=400,  # a year and a month: costs are compared with last year's
)

TABLES = (EVALUATION_RESULTS, LLM_CALLS)
