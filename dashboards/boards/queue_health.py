"""The queue: how much waits, how long, and whether it can be reached."""

from dashboards.boards.recording_rules import JOBS_WAITING
from dashboards.observable import (
    Alert,
    Chart,
    Observable,
    Promql,
    Severity,
    Threshold,
    ThresholdAlert,
    Unit,
)
from environments.names import SMALL_QUEUE

QUEUE_LIMIT = 1000  # jobs (B7)
LAG_LIMIT_SECONDS = 300  # (B13)
MEMORY_LIMIT = 0.8  # share of Redis' memory


def observables() -> tuple[Observable, ...]:
    return (_queue_lag(), _oldest_job(), _queue_reachable(), _queue_memory())


def _queue_lag() -> Observable:
    return Observable(
        id="queue-lag",
        title="Jobs pending",
        meaning="Jobs in the queue that no worker has taken yet.",
        queries=(Promql(expr=JOBS_WAITING, legend="jobs"),),
        unit=Unit.COUNT,
        thresholds=(
            Threshold(
                value=QUEUE_LIMIT,
                severity=Severity.CRITICAL,
                reason=f"more than {QUEUE_LIMIT:,} waiting jobs is an incident",
                alert=ThresholdAlert(
                    name="QueueBacklog",
                    for_minutes=1,
                    summary="{{ $value | humanize }} jobs are pending",
                    description=f"More than {QUEUE_LIMIT} jobs wait in the queue.",
                ),
            ),
        ),
        higher_is_better=False,
        what_to_do=(
            "Check that workers take jobs: *Jobs in progress* and *Worker error rate*.",
            "If they are at their maximum (*Workers against their maximum*), raise `worker.max_replicas` and "
            "the spot node group's `max_size` if providers allow more calls.",
            "If providers refuse calls (*Calls refused (429)*), more workers make it worse.",
            "If one test run fills the queue, ask its owner to stop it.",
        ),
        other_alerts=(
            Alert(
                name="QueueNotDraining",
                expr=(
                    f"min_over_time({JOBS_WAITING}[5m]) > {SMALL_QUEUE}"
                    f" and {JOBS_WAITING} >= {JOBS_WAITING} offset 5m"
                ),
                for_minutes=5,
                severity=Severity.WARNING,
                summary="The queue has not become shorter for five minutes",
                description=(
                    "At least {{ $value | humanize }} jobs wait, and no fewer than five minutes ago: "
                    "workers do not keep up."
                ),
            ),
        ),
    )


def _oldest_job() -> Observable:
    return Observable(
        id="oldest-job-age",
        title="Age of the oldest pending job",
        meaning="How long the job that waits longest has waited.",
        queries=(Promql(expr="max(eval_queue_oldest_job_age_seconds)", legend="age"),),
        unit=Unit.SECONDS,
        thresholds=(
            Threshold(
                value=LAG_LIMIT_SECONDS,
                severity=Severity.CRITICAL,
                reason="a job that waits for more than five minutes is an incident",
                alert=ThresholdAlert(
                    name="QueueLagging",
                    for_minutes=1,
                    summary="A job has waited {{ $value | humanizeDuration }}",
                    description="The oldest pending job is older than five minutes.",
                ),
            ),
        ),
        higher_is_better=False,
        what_to_do=(
            "As for *Jobs pending*.",
            "If few jobs are pending and one is very old, that job is returned to the queue again and "
            "again; find it with `LINDEX` of the queue's key and search the workers' logs for its id.",
        ),
    )


def _queue_reachable() -> Observable:
    return Observable(
        id="queue-reachable",
        title="Queue reachable",
        meaning="1 while the exporter gets answers from Redis.",
        chart=Chart.STAT,
        queries=(Promql(expr="min(redis_up)", legend="up"),),
        unit=Unit.COUNT,
        thresholds=(
            Threshold(value=1, severity=Severity.CRITICAL, reason="without it there is no queue"),
        ),
        higher_is_better=True,
        what_to_do=(
            "`aws elasticache describe-events --duration 60`: a failover takes up to a minute.",
            "If the password was rotated: docs/secrets.md, *Job queue*.",
        ),
        other_alerts=(
            Alert(
                name="QueueUnreachable",
                expr="(min(redis_up) or vector(0)) == 0",
                for_minutes=3,
                severity=Severity.CRITICAL,
                summary="Redis does not answer",
                description="The exporter has had no answer for three minutes, or its metric is missing.",
            ),
        ),
    )


def _queue_memory() -> Observable:
    used = "max(redis_memory_used_bytes / (redis_memory_max_bytes > 0))"
    return Observable(
        id="queue-memory",
        title="Queue memory",
        meaning="Share of Redis' memory in use. When it is full, new jobs are refused (noeviction).",
        queries=(Promql(expr=used, legend="used"),),
        unit=Unit.RATIO,
        thresholds=(
            Threshold(
                value=MEMORY_LIMIT,
                severity=Severity.WARNING,
                reason="a snapshot needs additional memory while it is taken",
                alert=ThresholdAlert(
                    name="QueueMemoryHigh",
                    for_minutes=10,
                    summary="Redis uses {{ $value | humanizePercentage }} of its memory",
                    description="When it is full, new jobs are refused.",
                ),
            ),
        ),
        higher_is_better=False,
        what_to_do=(
            "Drain the queue first.",
            "Choose a larger `queue.node_type` if it happens again.",
        ),
    )
