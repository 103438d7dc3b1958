"""The telemetry contract: every metric and table column that the planes rely on, and who emits it.

Dashboards, alerts, recording rules and autoscaling may use only names from here; a test finds any
other. It stands beside `names.py` because several planes must agree on it, and planes never import
each other (docs/decisions/0006-telemetry-contract.md). `docs/telemetry.md` is made from it.
"""

from dataclasses import dataclass
from enum import StrEnum


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
    """One metric family; `labels` are those that queries may use, beside `job` and `instance`.

    `always` is one that is told for as long as its emitter runs, so that an alert watches over its
    absence. Any other appears when what it tells of has happened for the first time.
    """

    name: str
    type: MetricType
    labels: tuple[str, ...]
    unit: str
    emitter: Emitter
    meaning: str
    always: bool

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


def _counter(
    name: str, *labels: str, unit: str, emitter: Emitter, meaning: str, always: bool = False
) -> Metric:
    return Metric(
        name=name,
        type=MetricType.COUNTER,
        labels=labels,
        unit=unit,
        emitter=emitter,
        meaning=meaning,
        always=always,
    )


def _gauge(
    name: str, *labels: str, unit: str, emitter: Emitter, meaning: str, always: bool = True
) -> Metric:
    return Metric(
        name=name,
        type=MetricType.GAUGE,
        labels=labels,
        unit=unit,
        emitter=emitter,
        meaning=meaning,
        always=always,
    )


def _histogram(
    name: str, *labels: str, unit: str, emitter: Emitter, meaning: str, always: bool = False
) -> Metric:
    return Metric(
        name=name,
        type=MetricType.HISTOGRAM,
        labels=labels,
        unit=unit,
        emitter=emitter,
        meaning=meaning,
        always=always,
    )


# OpenTelemetry's conventions in their Prometheus spelling: dots become underscores, the unit becomes
# a suffix (specification, "Prometheus and OpenMetrics Compatibility").
_LLM = ("gen_ai_provider_name", "gen_ai_request_model")

# What the platform's own programs must emit on METRICS_PORT.
_ORCHESTRATOR = (
    _histogram(
        "http_server_request_duration_seconds",
        "http_request_method",
        "http_route",
        "http_response_status_code",
        unit="seconds",
        emitter=Emitter.ORCHESTRATOR,
        meaning="How long the API took to answer, by route and status (OpenTelemetry HTTP metrics).",
        always=True,  # the kubelets ask every few seconds
    ),
    _gauge(
        "eval_queue_oldest_job_age_seconds",
        unit="seconds",
        emitter=Emitter.ORCHESTRATOR,
        meaning="How long the job that waits longest has waited; 0 while none waits.",
    ),
    _counter(
        "eval_test_runs_total",
        "outcome",
        unit="test runs",
        emitter=Emitter.ORCHESTRATOR,
        meaning="Test runs that ended, by outcome (succeeded, failed). A run is many jobs.",
    ),
)

_WORKER = (
    _counter(
        "eval_jobs_total",
        "outcome",
        unit="jobs",
        emitter=Emitter.WORKER,
        meaning=(
            "Jobs that ended, by outcome: succeeded, failed, or crashed. Who takes up a job that a "
            "dead worker left counts the crash."
        ),
    ),
    _histogram(
        "eval_job_duration_seconds",
        "outcome",
        unit="seconds",
        emitter=Emitter.WORKER,
        meaning="How long jobs ran.",
    ),
    _gauge(
        "eval_jobs_in_progress",
        unit="jobs",
        emitter=Emitter.WORKER,
        meaning="Jobs that a worker is running now.",
    ),
    _histogram(
        "gen_ai_client_operation_duration_seconds",
        "gen_ai_operation_name",
        *_LLM,
        "error_type",
        unit="seconds",
        emitter=Emitter.WORKER,
        meaning=(
            "One call of an LLM provider, retries counted one by one; `error_type` is empty for a "
            "success and the HTTP status, as in 429, for a refusal (OpenTelemetry GenAI metrics)."
        ),
    ),
    _histogram(
        "gen_ai_client_token_usage",
        "gen_ai_operation_name",
        *_LLM,
        "gen_ai_token_type",
        unit="tokens",
        emitter=Emitter.WORKER,
        meaning="Tokens billed for one call, input and output apart (OpenTelemetry GenAI metrics).",
    ),
    _counter(
        "eval_llm_cost_usd_total",
        *_LLM,
        unit="US dollars",
        emitter=Emitter.WORKER,
        meaning="What calls cost by the provider's price list on the day of the call.",
    ),
    _counter(
        "eval_llm_retries_total",
        *_LLM,
        "reason",
        unit="retries",
        emitter=Emitter.WORKER,
        meaning="Calls that were tried again, by reason (rate_limited, timeout, server_error).",
    ),
)

_QUEUE = (
    _gauge(
        "redis_up",
        unit="1 or 0",
        emitter=Emitter.REDIS_EXPORTER,
        meaning="Whether the exporter reaches the queue.",
    ),
    _gauge(
        "redis_key_size",
        "db",
        "key",
        unit="jobs",
        emitter=Emitter.REDIS_EXPORTER,
        meaning="Length of a list; for the queue's key, the jobs that wait.",
    ),
    _gauge(
        "redis_memory_used_bytes",
        unit="bytes",
        emitter=Emitter.REDIS_EXPORTER,
        meaning="Memory that the queue holds.",
    ),
    _gauge(
        "redis_memory_max_bytes",
        unit="bytes",
        emitter=Emitter.REDIS_EXPORTER,
        meaning="Memory that the queue may hold; beyond it, writes are refused (noeviction).",
    ),
)

_CLUSTER = (
    _gauge(
        "kube_deployment_status_replicas_available",
        "namespace",
        "deployment",
        unit="pods",
        emitter=Emitter.KUBE_STATE_METRICS,
        meaning="Pods of a Deployment that are ready to serve.",
    ),
    _gauge(
        "kube_horizontalpodautoscaler_spec_max_replicas",
        "namespace",
        "horizontalpodautoscaler",
        unit="pods",
        emitter=Emitter.KUBE_STATE_METRICS,
        meaning="Upper bound of an autoscaler.",
    ),
    _gauge(
        "kube_horizontalpodautoscaler_status_current_replicas",
        "namespace",
        "horizontalpodautoscaler",
        unit="pods",
        emitter=Emitter.KUBE_STATE_METRICS,
        meaning="Pods that an autoscaler runs now.",
    ),
    _counter(
        "kube_pod_container_status_restarts_total",
        "namespace",
        "pod",
        "container",
        unit="restarts",
        emitter=Emitter.KUBE_STATE_METRICS,
        meaning="Restarts of a container.",
        always=True,
    ),
    _gauge(
        "kube_node_labels",
        "node",
        "label_eval_platform_io_pool",
        unit="1",
        emitter=Emitter.KUBE_STATE_METRICS,
        meaning="One series for each node, with its pool.",
    ),
    _gauge(
        "kubelet_volume_stats_available_bytes",
        "namespace",
        "persistentvolumeclaim",
        unit="bytes",
        emitter=Emitter.KUBELET,
        meaning="Free space of a volume in the cluster.",
    ),
    _gauge(
        "kubelet_volume_stats_capacity_bytes",
        "namespace",
        "persistentvolumeclaim",
        unit="bytes",
        emitter=Emitter.KUBELET,
        meaning="Size of a volume in the cluster.",
    ),
)

_AWS = (
    _gauge(
        "aws_rds_database_connections_average",
        "dimension_DBInstanceIdentifier",
        unit="connections",
        emitter=Emitter.CLOUDWATCH_EXPORTER,
        meaning="Open connections to PostgreSQL.",
    ),
    _gauge(
        "aws_rds_free_storage_space_average",
        "dimension_DBInstanceIdentifier",
        unit="bytes",
        emitter=Emitter.CLOUDWATCH_EXPORTER,
        meaning="Free storage of PostgreSQL.",
    ),
    _gauge(
        "aws_rds_cpuutilization_average",
        "dimension_DBInstanceIdentifier",
        unit="percent",
        emitter=Emitter.CLOUDWATCH_EXPORTER,
        meaning="CPU that PostgreSQL uses.",
    ),
    *(
        _gauge(
            name,
            "dimension_BackupVaultName",
            "dimension_ResourceType",
            unit="jobs",
            emitter=Emitter.CLOUDWATCH_EXPORTER,
            meaning=f"{jobs} within the last full hour, by what was backed up.",
            always=False,
        )
        for name, jobs in (
            (
                "aws_backup_number_of_backup_jobs_completed_sum",
                "Backup jobs that AWS Backup completed",
            ),
            ("aws_backup_number_of_backup_jobs_failed_sum", "Backup jobs that failed"),
            (
                "aws_backup_number_of_backup_jobs_expired_sum",
                "Backup jobs that could not begin in their start window",
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
        emitter=Emitter.CLOUDWATCH_EXPORTER,
        meaning="Backups that ClickHouse's nodes completed within the last full hour.",
        always=False,
    ),
    _gauge(
        "aws_certificatemanager_days_to_expiry_minimum",
        "dimension_CertificateArn",
        unit="days",
        emitter=Emitter.CLOUDWATCH_EXPORTER,
        meaning="Days until a certificate of the load balancer expires; ACM is silent once it has.",
        always=False,  # ACM tells it once or twice a day, and of no certificate that has expired
    ),
)

_CLICKHOUSE = (
    _gauge(
        "ClickHouseAsyncMetrics_ReplicasMaxAbsoluteDelay",
        unit="seconds",
        emitter=Emitter.CLICKHOUSE,
        meaning="How far the slowest table of a node lags behind the newest replica.",
    ),
    _gauge(
        "ClickHouseAsyncMetrics_DiskAvailable_default",
        unit="bytes",
        emitter=Emitter.CLICKHOUSE,
        meaning="Free space of a node's data volume.",
    ),
    _gauge(
        "ClickHouseAsyncMetrics_DiskTotal_default",
        unit="bytes",
        emitter=Emitter.CLICKHOUSE,
        meaning="Size of a node's data volume.",
    ),
    _counter(
        "ClickHouseProfileEvents_FailedQuery",
        unit="queries",
        emitter=Emitter.CLICKHOUSE,
        meaning="Queries that a node could not answer.",
    ),
)

# `up` is Prometheus' own: 1 while a scrape of the target works.
UP = _gauge(
    "up",
    unit="1 or 0",
    emitter=Emitter.CLICKHOUSE,
    meaning="Whether Prometheus reaches the target.",
)

METRICS = (*_ORCHESTRATOR, *_WORKER, *_QUEUE, *_CLUSTER, *_AWS, *_CLICKHOUSE, UP)

EVALUATION_RESULTS = Table(
    name="evaluation_results",
    meaning="One score of one case under one metric in one test run.",
    emitter=Emitter.WORKER,
    columns=(
        Column(
            name="evaluated_at", type="DateTime64(3, 'UTC')", meaning="When the score was given."
        ),
        Column(name="environment", type="LowCardinality(String)", meaning="Where the agent ran."),
        Column(name="run_id", type="UUID", meaning="The test run."),
        Column(name="build", type="String", meaning="Git commit of the agent that was evaluated."),
        Column(name="built_at", type="DateTime('UTC')", meaning="When that commit was built."),
        Column(name="branch", type="LowCardinality(String)", meaning="Git branch of the build."),
        Column(name="dataset", type="LowCardinality(String)", meaning="Data set and its version."),
        Column(name="case_id", type="String", meaning="The case in the data set."),
        Column(name="topic", type="LowCardinality(String)", meaning="What the case is about."),
        Column(name="metric", type="LowCardinality(String)", meaning="As in faithfulness."),
        Column(name="score", type="Float64", meaning="Between 0 and 1."),
        Column(name="threshold", type="Float64", meaning="The score that counts as right."),
        Column(name="judge_model", type="LowCardinality(String)", meaning="The LLM that judged."),
        Column(name="reason", type="String", meaning="Why the judge gave the score."),
    ),
    order_by=("environment", "metric", "topic", "evaluated_at", "run_id", "case_id"),
    time_column="evaluated_at",
    retention_days=730,  # trends are compared over releases of the last two years
)

LLM_CALLS = Table(
    name="llm_calls",
    meaning="One call of an LLM provider, for costs by run and for finding slow or refused calls.",
    emitter=Emitter.WORKER,
    columns=(
        Column(name="called_at", type="DateTime64(3, 'UTC')", meaning="When the call began."),
        Column(name="environment", type="LowCardinality(String)", meaning="Where the worker ran."),
        Column(name="run_id", type="UUID", meaning="The test run that the call was made for."),
        Column(name="provider", type="LowCardinality(String)", meaning="As in openai."),
        Column(name="model", type="LowCardinality(String)", meaning="The model asked for."),
        Column(name="operation", type="LowCardinality(String)", meaning="As in chat."),
        Column(name="input_tokens", type="UInt32", meaning="Tokens billed for the prompt."),
        Column(name="output_tokens", type="UInt32", meaning="Tokens billed for the answer."),
        Column(name="cost_usd", type="Decimal(12, 6)", meaning="By the price list of the day."),
        Column(name="duration_ms", type="UInt32", meaning="Until the last byte."),
        Column(name="attempt", type="UInt8", meaning="1 for the first try."),
        Column(name="error_type", type="LowCardinality(String)", meaning="Empty for a success."),
    ),
    order_by=("environment", "model", "called_at", "run_id"),
    time_column="called_at",
    retention_days=400,  # a year and a month: costs are compared with last year's
)

TABLES = (EVALUATION_RESULTS, LLM_CALLS)
