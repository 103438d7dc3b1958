"""The workers: whether jobs succeed, whether more workers can be added, and whether nodes stay."""

from dashboards.boards.recording_rules import JOBS_WAITING, WORKER_ERROR_RATIO, p95
from dashboards.observable import (
    Alert,
    Observable,
    Promql,
    Severity,
    Threshold,
    ThresholdAlert,
    Unit,
)
from environments.names import NAMESPACE, WORKER_POOL, App

ERROR_RATIO_WARNING = 0.05  # share of jobs
ERROR_RATIO_CRITICAL = 0.25  # share of jobs
SATURATION_LIMIT = 1  # share of the autoscaler's maximum
RESTART_LIMIT = 5  # of a container within an hour


def observables() -> tuple[Observable, ...]:
    return (
        _worker_errors(),
        _worker_saturation(),
        _jobs_in_progress(),
        _job_duration(),
        _restarts(),
        _spot_nodes(),
    )


def _worker_errors() -> Observable:
    return Observable(
        id="worker-error-rate",
        title="Worker error rate",
        meaning="Share of jobs that failed, or whose worker crashed, in the last ten minutes.",
        queries=(Promql(expr=WORKER_ERROR_RATIO, legend="failed or crashed"),),
        unit=Unit.RATIO,
        thresholds=(
            Threshold(
                value=ERROR_RATIO_WARNING,
                severity=Severity.WARNING,
                reason="a reclaimed spot node costs one job in twenty at most",
                alert=ThresholdAlert(
                    name="WorkerErrorRateHigh",
                    for_minutes=10,
                    summary="{{ $value | humanizePercentage }} of jobs fail",
                    description=f"More than {ERROR_RATIO_WARNING * 100:g} % of jobs failed or crashed for ten "
                    "minutes.",
                ),
            ),
            Threshold(
                value=ERROR_RATIO_CRITICAL,
                severity=Severity.CRITICAL,
                reason="results of a test run with a quarter missing are useless",
                alert=ThresholdAlert(
                    name="WorkerErrorRateCritical",
                    for_minutes=5,
                    summary="{{ $value | humanizePercentage }} of jobs fail",
                    description="More than a quarter of the jobs failed or crashed for five minutes.",
                ),
            ),
        ),
        higher_is_better=False,
        what_to_do=(
            "To see whether jobs failed or crashed, group `eval_jobs_total` by `outcome`.",
            "Crashed: `kubectl -n eval-platform get events --field-selector reason=OOMKilling`, and "
            "*Spot nodes that left*.",
            "Failed: the workers' logs contain the exception; an LLM key that was revoked shows as 401.",
        ),
    )


def _worker_saturation() -> Observable:
    of_worker = f'{{namespace="{NAMESPACE}", horizontalpodautoscaler="{App.WORKER}"}}'
    saturation = (
        f"max(kube_horizontalpodautoscaler_status_current_replicas{of_worker})"
        f" / max(kube_horizontalpodautoscaler_spec_max_replicas{of_worker})"
    )
    return Observable(
        id="worker-saturation",
        title="Workers against their maximum",
        meaning="1 when the autoscaler can add no more workers.",
        queries=(Promql(expr=saturation, legend="workers"),),
        unit=Unit.RATIO,
        thresholds=(
            Threshold(
                value=SATURATION_LIMIT,
                severity=Severity.WARNING,
                reason="the autoscaler's upper bound",
            ),
        ),
        higher_is_better=False,
        what_to_do=(
            "Do nothing while the queue becomes shorter: the maximum is meant for that.",
            "Raise `worker.max_replicas` if *Calls refused (429)* is low and EC2 has nodes.",
            "Not scaled: `kubectl -n eval-platform describe hpa worker` has the reason, `kubectl get "
            "apiservices` shows which metrics' server does not answer.",
        ),
        other_alerts=(
            Alert(
                name="WorkersAtMaximum",
                expr=f"{saturation} >= {SATURATION_LIMIT} and on () {JOBS_WAITING} > 0",
                for_minutes=30,
                severity=Severity.WARNING,
                summary="All workers have been busy for half an hour and jobs still wait",
                description="The autoscaler is at its upper bound while the queue is not empty.",
            ),
            Alert(
                name="WorkersNotScaled",
                expr="max(kube_horizontalpodautoscaler_status_condition"
                f'{{namespace="{NAMESPACE}", horizontalpodautoscaler="{App.WORKER}", '
                'condition="ScalingActive", status="false"}) > 0',
                for_minutes=10,
                severity=Severity.WARNING,
                summary="The workers' autoscaler has no metrics to scale by",
                description="Their number stays as it is, whatever the queue does.",
            ),
        ),
    )


def _jobs_in_progress() -> Observable:
    return Observable(
        id="jobs-in-progress",
        title="Jobs in progress",
        meaning="Jobs that workers run now. 0 while the queue is full means that workers hang.",
        queries=(Promql(expr="sum(eval_jobs_in_progress)", legend="jobs"),),
        unit=Unit.COUNT,
        higher_is_better=True,
        what_to_do=(
            "If it is 0 while jobs wait: `kubectl -n eval-platform rollout restart deployment worker`.",
        ),
        no_alert="workers that hang make the queue lag, and that has its alerts",
    )


def _job_duration() -> Observable:
    return Observable(
        id="job-duration",
        title="Job p95 duration",
        meaning="95 of 100 jobs ended within this time; longer jobs make the same queue last longer.",
        queries=(
            Promql(
                expr=p95("eval_job_duration_seconds", by="outcome", window="$__rate_interval"),
                legend="{{outcome}}",
            ),
        ),
        unit=Unit.SECONDS,
        higher_is_better=False,
        what_to_do=(
            "Slow providers make slow jobs: *Provider p95 response time*.",
            "Jobs that reach `worker.max_job_seconds` are ended and count as failed: raise it, or split them.",
        ),
        no_alert="a job that takes too long fails, and that has its alerts",
    )


def _restarts() -> Observable:
    restarts = (
        "sum by (container) "
        f'(increase(kube_pod_container_status_restarts_total{{namespace="{NAMESPACE}"}}[1h]))'
    )
    return Observable(
        id="container-restarts",
        title="Container restarts per hour",
        meaning="How often containers ended and were started again: out of memory, or broken.",
        queries=(Promql(expr=restarts, legend="{{container}}"),),
        unit=Unit.COUNT,
        thresholds=(
            Threshold(
                value=RESTART_LIMIT,
                severity=Severity.WARNING,
                reason="Kubernetes backs off to one restart in five minutes: a loop makes twelve",
                alert=ThresholdAlert(
                    name="ContainerRestarting",
                    for_minutes=5,
                    summary="{{ $labels.container }} restarted {{ $value | humanize }} times in an hour",
                    description="It restarts in a loop and does no work.",
                ),
            ),
        ),
        higher_is_better=False,
        what_to_do=(
            "`kubectl -n eval-platform describe pod`: the last state contains the reason.",
            "`OOMKilled`: raise the memory limit in the environment's value.",
        ),
    )


def _spot_nodes() -> Observable:
    nodes = f'kube_node_labels{{label_eval_platform_io_pool="{WORKER_POOL}"}}'
    return Observable(
        id="spot-nodes-left",
        title="Spot nodes that left within an hour",
        meaning=(
            "Worker nodes that left within the hour: reclaimed by EC2, or removed by the autoscaler."
        ),
        queries=(
            Promql(
                expr=(
                    f"(count(last_over_time({nodes}[1h])) or vector(0))"
                    f" - (count({nodes}) or vector(0))"
                ),
                legend="nodes",
            ),
        ),
        unit=Unit.COUNT,
        higher_is_better=False,
        what_to_do=(
            "If many left and jobs crashed, add instance types of the same size to "
            "`cluster.workers_spot.instance_types`, so that a lack of one type affects fewer nodes.",
        ),
        no_alert=(
            "spot nodes come and go by design; jobs that end with them count as crashed, which "
            "has its alert"
        ),
    )
