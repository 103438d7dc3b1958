"""A case for every alert, with fixed limits: a value just good enough, and one just too bad."""

import dataclasses

from dashboards.boards.backup_health import BACKED_UP
from dashboards.boards.telemetry_health import silence_alert
from environments.prod import PROD
from environments.spec import Objectives
from telemetry.contract import METRICS, Emitter, Metric
from tests.dashboards.alerting.cases import GONE, NAN, Case, Daily, Growth, Level

_READY = (
    'kube_deployment_status_replicas_available{namespace="eval-platform",deployment="orchestrator"}'
)
_REQUESTS = (
    'http_server_request_duration_seconds_count{{http_route="/evaluations",'
    'http_response_status_code="{}"}}'
)
_QUEUE = 'redis_key_size{db="db0",key="eval:jobs"}'
_QUEUE_BY = 'redis_key_size{{db="db0",key="eval:jobs",instance="{}"}}'
_AUTOSCALER = (
    'kube_horizontalpodautoscaler_{}{{namespace="eval-platform",horizontalpodautoscaler="worker"}}'
)
_VOLUME = 'kubelet_volume_stats_{}_bytes{{namespace="monitoring",persistentvolumeclaim="data-0"}}'
_BACKUPS = (
    'aws_backup_number_of_{}_jobs_{}_sum{{dimension_BackupVaultName="vault",'
    'dimension_ResourceType="{}"}}'
)
_CLICKHOUSE_BACKUPS = "aws_eval_platform_clickhouse_backups_completed_sum"
_BILL = 'aws_billing_estimated_charges_maximum{dimension_Currency="USD"}'
_CERTIFICATE = 'aws_certificatemanager_days_to_expiry_minimum{dimension_CertificateArn="arn"}'
_LOAD_BALANCER = (
    "aws_applicationelb_httpcode_elb_5_xx_count_sum"
    '{dimension_LoadBalancer="app/ai-eval-platform-prod/50dc6c495c0c9188"}'
)
_CALLS = (
    "gen_ai_client_operation_duration_seconds_{}"
    '{{gen_ai_provider_name="openai",gen_ai_request_model="large",{}}}'
)
_CLICKHOUSE_DISK = 'ClickHouseAsyncMetrics_Disk{}_default{{instance="ch-1"}}'

# Production with the limits of the cases instead of its own.
JUDGED = dataclasses.replace(
    PROD,
    objectives=Objectives(
        availability_percent=99.5,
        provider_p95_seconds=20,
        daily_llm_budget_usd=500,
        monthly_aws_budget_usd=3_000,
    ),
    database=dataclasses.replace(PROD.database, storage_gib=100, max_connections=500),
)
_DAY = 24 * 60
_BUDGET = JUDGED.objectives.daily_llm_budget_usd
_AWS_BUDGET = JUDGED.objectives.monthly_aws_budget_usd
_SLOW = JUDGED.objectives.provider_p95_seconds
_SPEND_STEPS = 48  # half an hour each

SERVICE = (
    Case(
        alert="OrchestratorDown", series={_READY: Level(1, 0, 1)}, summary="The API does not answer"
    ),
    Case(
        alert="OrchestratorDown",
        series={_READY: Level(1, GONE, 1)},
        summary="The API does not answer",
        lags_minutes=5,  # for so long Prometheus takes the last sample as current
    ),
    Case(
        alert="ApiErrorBudgetBurnFast",
        series={
            _REQUESTS.format("202"): Growth(971, 927, 1_000),
            _REQUESTS.format("503"): Growth(29, 73, 0),  # 2.9 %, 7.3 %
        },
        summary="API requests fail: the month's error budget will be gone within days",
        description=(
            "7.3% failed over the longer window; the objective of 99.5 % allows 0.5 % over 30 days."
        ),
        lags_minutes=6 * 60,
        step_minutes=2,
    ),
    Case(
        alert="ApiErrorBudgetBurnSlow",
        series={
            _REQUESTS.format("202"): Growth(9_951, 9_849, 10_000),
            _REQUESTS.format("503"): Growth(49, 151, 0),  # 0.49 %, 1.51 %
        },
        summary="API requests fail: the month's error budget will be gone within weeks",
        description=(
            "1.51% failed over the longer window; the objective of 99.5 % allows 0.5 % over 30 days."
        ),
        lags_minutes=3 * _DAY,
        step_minutes=30,
    ),
    Case(
        alert="LoadBalancerErrors",
        series={_LOAD_BALANCER: Level(5, 6, 0)},
        summary="The load balancer fails 6 requests in five minutes",
        description="It answered them with a 5xx of its own, so the error budget does not count them.",
    ),
    # Another load balancer of the account.
    Case(
        alert="LoadBalancerErrors",
        series={
            _LOAD_BALANCER: Level(0, 6, 0),
            _LOAD_BALANCER.replace("app/ai-eval-platform-prod", "app/another"): Level(
                100, 100, 100
            ),
        },
        summary="The load balancer fails 6 requests in five minutes",
    ),
    # Failing probes of the load balancer are not users' requests.
    Case(
        alert="ApiErrorBudgetBurnFast",
        series={
            _REQUESTS.format("503").replace("/evaluations", "/readyz"): Growth(900, 900, 900),
            _REQUESTS.format("202"): Growth(100, 100, 100),
            _REQUESTS.format("500"): Growth(2, 9, 0),
        },
        summary="API requests fail: the month's error budget will be gone within days",
        description=(
            "8.257% failed over the longer window; the objective of 99.5 % allows 0.5 % over 30 days."
        ),
        lags_minutes=6 * 60,
        step_minutes=2,
    ),
)

QUEUE = (
    Case(
        alert="QueueBacklog",
        series={_QUEUE: Level(1_000, 1_001, 0)},
        summary="1.001k jobs are pending",
    ),
    # Two exporters measure one queue: 600 and 600 are 600 jobs.
    Case(
        alert="QueueBacklog",
        series={
            _QUEUE_BY.format("exporter-1"): Level(600, 1_001, 600),
            _QUEUE_BY.format("exporter-2"): Level(600, 600, 600),
        },
        summary="1.001k jobs are pending",
    ),
    Case(
        alert="QueueNotDraining",
        series={_QUEUE: Growth(-1, 0, -1, start=500)},
        summary="The queue has not become shorter for five minutes",
        description=(
            "At least 487 jobs wait, and no fewer than five minutes ago: workers do not keep up."
        ),
        lags_minutes=5,
    ),
    Case(
        alert="QueueLagging",
        series={"eval_queue_oldest_job_age_seconds": Level(300, 301, 0)},
        summary="A job has waited 5m 1s",
    ),
    Case(
        alert="QueueUnreachable",
        series={"redis_up": Level(1, 0, 1)},
        summary="Redis does not answer",
    ),
    Case(
        alert="QueueUnreachable",
        series={"redis_up": Level(1, GONE, 1)},
        summary="Redis does not answer",
        lags_minutes=5,
    ),
    Case(
        alert="QueueMemoryHigh",
        series={
            "redis_memory_used_bytes": Level(800, 801, 100),
            "redis_memory_max_bytes": Level(1_000, 1_000, 1_000),
        },
        summary="Redis uses 80.1% of its memory",
    ),
)

WORKERS = (
    Case(
        alert="WorkerErrorRateHigh",
        series={
            'eval_jobs_total{outcome="succeeded"}': Growth(951, 949, 1_000),
            'eval_jobs_total{outcome="failed"}': Growth(49, 51, 0),
        },
        summary="5.1% of jobs fail",
        lags_minutes=10,
    ),
    Case(
        alert="WorkerErrorRateCritical",
        series={
            'eval_jobs_total{outcome="succeeded"}': Growth(751, 749, 1_000),
            'eval_jobs_total{outcome="crashed"}': Growth(249, 251, 0),
        },
        summary="25.1% of jobs fail",
        lags_minutes=10,
    ),
    Case(
        alert="WorkersAtMaximum",
        series={
            _AUTOSCALER.format("status_current_replicas"): Level(19, 20, 20),
            _AUTOSCALER.format("spec_max_replicas"): Level(20, 20, 20),
            _QUEUE: Level(1, 1, 0),
        },
        summary="All workers have been busy for half an hour and jobs still wait",
    ),
    Case(
        alert="WorkersNotScaled",
        series={
            'kube_horizontalpodautoscaler_status_condition{namespace="eval-platform",'
            'horizontalpodautoscaler="worker",condition="ScalingActive",status="false"}': Level(
                0, 1, 0
            )
        },
        summary="The workers' autoscaler has no metrics to scale by",
    ),
    Case(
        alert="ContainerRestarting",
        series={
            'kube_pod_container_status_restarts_total{namespace="eval-platform",pod="worker-0",'
            'container="worker"}': Growth(4.9 / 60, 5.5 / 60, 0)
        },
        summary="worker restarted 5.5 times in an hour",
        labels={"container": "worker"},
        lags_minutes=60,
    ),
)

STORES = (
    Case(
        alert="DatabaseConnectionsHigh",
        series={
            'aws_rds_database_connections_average{dimension_DBInstanceIdentifier="db"}': Level(
                400, 401, 100
            )
        },
        summary="PostgreSQL has 401 open connections",
    ),
    Case(
        alert="DatabaseStorageLow",
        series={
            'aws_rds_free_storage_space_average{dimension_DBInstanceIdentifier="db"}': Level(
                10 * 2**30, 9.5 * 2**30, 30 * 2**30
            )
        },
        summary="PostgreSQL has 9.5GiB of storage left",
    ),
    Case(
        alert="ClickHouseNodeDown",
        series={'up{job="clickhouse",instance="ch-1"}': Level(1, 0, 1)},
        summary="ClickHouse node ch-1 does not answer",
        labels={"job": "clickhouse", "instance": "ch-1"},
    ),
    Case(
        alert="ClickHouseReplicationDelayed",
        series={
            'ClickHouseAsyncMetrics_ReplicasMaxAbsoluteDelay{instance="ch-1"}': Level(300, 301, 0)
        },
        summary="A ClickHouse replica is 5m 1s behind",
    ),
    Case(
        alert="ClickHouseDiskLow",
        series={
            _CLICKHOUSE_DISK.format("Available"): Level(150, 149, 500),
            _CLICKHOUSE_DISK.format("Total"): Level(1_000, 1_000, 1_000),
        },
        summary="A ClickHouse node has 14.9% of its disk left",
    ),
    Case(
        alert="VolumeAlmostFull",
        series={
            _VOLUME.format("available"): Level(100, 99, 500),
            _VOLUME.format("capacity"): Level(1_000, 1_000, 1_000),
        },
        summary="data-0 has 9.9% left",
        description="The volume in namespace monitoring is almost full.",
        labels={"namespace": "monitoring", "persistentvolumeclaim": "data-0"},
    ),
    Case(
        alert="CertificateNotRenewed",
        series={_CERTIFICATE: Level(30, 29, 300)},
        summary="The API's certificate expires in 29 days",
    ),
    Case(
        alert="CertificateExpires",
        series={_CERTIFICATE: Level(7, 6, 300)},
        summary="The API's certificate expires in 6 days",
        lags_minutes=60,
        step_minutes=5,
    ),
    # ACM reports nothing for a certificate that has expired.
    Case(
        alert="CertificateExpires",
        series={_CERTIFICATE: Level(GONE, 0, GONE)},
        summary="The API's certificate expires in 0 days",
        lags_minutes=3 * _DAY,
        step_minutes=60,
    ),
    *(
        Case(
            alert="CertificateUnknown",
            series={_CERTIFICATE: Level(300, silence, 300)},
            summary="The expiry of the API's certificate is unknown",
            lags_minutes=60,
            step_minutes=60,
        )
        for silence in (GONE, NAN)
    ),
)


def _missing(alert: str, series: str, *, least: int, bad: float | None, summary: str) -> Case:
    return Case(
        alert=alert,
        series={series: Daily(least, bad, least)},
        summary=f"{summary}: fewer than {least} a day for a day and a half",
        lags_minutes=36 * 60,
        step_minutes=60,
    )


BACKUPS = (
    *(
        _missing(alert, series, least=least, bad=bad, summary=summary)
        for kind, least in BACKED_UP.items()
        for bad in (least - 1, GONE)
        for alert, series, summary in (
            (
                f"BackupMissing{kind.capitalize()}",
                _BACKUPS.format("backup", "completed", kind),
                f"Backups of {kind} are missing",
            ),
            (
                f"BackupCopyMissing{kind.capitalize()}",
                _BACKUPS.format("copy", "completed", kind),
                f"Copies of {kind} in the other region are missing",
            ),
        )
    ),
    *(
        _missing(
            "BackupMissingClickhouse",
            _CLICKHOUSE_BACKUPS,
            least=1,
            bad=bad,
            summary="Backups of ClickHouse are missing",
        )
        for bad in (0, GONE)
    ),
    *(
        Case(
            alert=alert,
            series={_BACKUPS.format(jobs, state, "S3"): Level(good, 1, 0)},
            summary=summary,
            labels={"dimension_ResourceType": "S3"},
            lags_minutes=_DAY,
            step_minutes=30,
        )
        for alert, jobs, state, summary in (
            ("BackupJobFailed", "backup", "failed", "A backup of S3 failed or did not start"),
            ("BackupJobFailed", "backup", "expired", "A backup of S3 failed or did not start"),
            (
                "BackupCopyFailed",
                "copy",
                "failed",
                "A backup of S3 was not copied to the other region",
            ),
        )
        for good in (0, GONE)
    ),
)

# The last hours of a case's phases, which have 220 hours each: the value is a time, and so is its limit.
_HOURS = 220
_ALLOWED = 8.5 * 24

RESTORES = tuple(
    Case(
        alert=alert,
        series={
            f'aws_eval_platform_last_restore_maximum{{dimension_Store="{store}"}}': Level(
                3600 * (_HOURS - 1 - _ALLOWED), bad, 3600 * (3 * _HOURS - 1 - _ALLOWED)
            )
        },
        summary=f"No backup of {store} was restored and checked for eight and a half days",
        lags_minutes=9 * _DAY,
        step_minutes=60,
    )
    for alert, store in (
        ("RestoreUnprovenClickhouse", "ClickHouse"),
        ("RestoreUnprovenRds", "PostgreSQL"),
    )
    for bad in (3600 * (_HOURS - _ALLOWED) - 1, GONE, NAN)
)


def _silence(silent: Metric, absence: float | None) -> Case:
    """One metric of an emitter is missing, and its others are present."""
    return Case(
        alert=silence_alert(silent.emitter),
        series={
            f'{metric.series[-1]}{{job="{metric.emitter}"}}': Level(
                0, absence if metric is silent else 0, 0
            )
            for metric in METRICS
            if metric.emitter is silent.emitter and metric.always_present
        },
        summary=f"{silent.name} of {silent.emitter} is missing",
        labels={"metric": silent.name},
        lags_minutes=5,
    )


SILENCE = (
    *(_silence(metric, GONE) for metric in METRICS if metric.always_present),
    *(
        _silence(metric, NAN)
        for metric in METRICS
        if metric.always_present and metric.emitter is Emitter.CLOUDWATCH_EXPORTER
    ),
)

MONEY = tuple(
    Case(
        alert=alert,
        series={
            'eval_llm_cost_usd_total{gen_ai_provider_name="openai",gen_ai_request_model="large"}': (
                Growth((limit - 1) / _SPEND_STEPS, (limit + 1) / _SPEND_STEPS, 0)
            )
        },
        summary=f"LLM calls cost {limit + 1:g} USD in 24 hours",
        lags_minutes=_DAY,
        step_minutes=30,
    )
    for alert, limit in (
        ("LlmBudgetNearlySpent", 0.8 * _BUDGET),
        ("LlmBudgetExceeded", _BUDGET),
    )
)

BILL = tuple(
    Case(
        alert=alert,
        # A new month starts at nothing.
        series={_BILL: Level(limit - 1, limit + 1, 1)},
        summary=f"AWS has billed {(limit + 1) / 1_000:.4g}k USD this month",
        lags_minutes=60,
        step_minutes=10,
    )
    for alert, limit in (
        ("AwsBudgetNearlySpent", 0.8 * _AWS_BUDGET),
        ("AwsBudgetExceeded", _AWS_BUDGET),
    )
)

PROVIDERS = (
    Case(
        alert="ProviderSlow",
        series={
            # 96 and 94 of 100 calls within the objective; Prometheus estimates the 95th at a sixth of
            # the next bucket.
            _CALLS.format("bucket", f'le="{_SLOW}"'): Growth(96, 94, 100),
            _CALLS.format("bucket", f'le="{2 * _SLOW}"'): Growth(100, 100, 100),
            _CALLS.format("bucket", 'le="+Inf"'): Growth(100, 100, 100),
        },
        summary=f"openai takes {_SLOW * 7 / 6:.4g}s",
        labels={"gen_ai_provider_name": "openai"},
        lags_minutes=5,
    ),
    Case(
        alert="ProviderRefusesCalls",
        series={
            _CALLS.format("count", 'error_type=""'): Growth(951, 949, 1_000),
            _CALLS.format("count", 'error_type="429"'): Growth(49, 51, 0),
        },
        summary="openai refuses 5.1% of the calls",
        labels={"gen_ai_provider_name": "openai"},
        lags_minutes=10,
    ),
)

QUALITY = (
    Case(
        alert="TestRunsFail",
        series={
            'eval_test_runs_total{outcome="succeeded"}': Growth(81, 79, 100),
            'eval_test_runs_total{outcome="failed"}': Growth(19, 21, 0),
        },
        summary="21% of test runs end without a result",
        lags_minutes=6 * 60,
        step_minutes=10,
    ),
)

CASES = (
    *SERVICE,
    *QUEUE,
    *WORKERS,
    *STORES,
    *BACKUPS,
    *RESTORES,
    *SILENCE,
    *MONEY,
    *BILL,
    *PROVIDERS,
    *QUALITY,
)
