"""Which checks belong to which program, in the order in which they run.

First those that share one running copy, then those that end it or start their own.
"""

from evalctl.conformance.check import Check, Subject
from evalctl.conformance.checks import (
    answers,
    api_requests,
    endings,
    files,
    health,
    limits,
    metrics,
    queueing,
    retries,
    scores,
)

_ROTATIONS = (
    health.rotated_redis_password,
    health.rotated_postgres_password,
    health.rotated_clickhouse_password,
)

SUITES: dict[Subject, tuple[Check, ...]] = {
    Subject.WORKER: (
        metrics.metrics_always_present,
        health.ready,
        scores.results,
        metrics.metrics_as_declared,
        metrics.metrics_count_what_happened,
        scores.llm_calls,
        answers.anthropic,
        retries.attempts,
        retries.retry_after,
        retries.statuses,
        retries.timeout,
        answers.garbage,
        scores.private_agents,
        health.alive_during_a_long_call,
        endings.longest_job,
        health.alive_without_stores,
        *_ROTATIONS,
        limits.sum_of_workers_within_the_providers_limit,
        files.no_write_outside_tmp,
        limits.calls_at_a_time,
        retries.backoff,
        endings.sigterm,
        endings.sigkill,
        endings.killed_before_the_acknowledgement,
        limits.requests_and_tokens_per_minute,
    ),
    Subject.ORCHESTRATOR: (
        queueing.migration_by_one,
        metrics.metrics_always_present,
        health.ready,
        api_requests.token_is_required,
        api_requests.idempotency_key,
        api_requests.size_limit,
        api_requests.invalid_requests,
        api_requests.dataset_in_the_bucket,
        api_requests.cancelled_run,
        queueing.recorded_before_queued,
        queueing.reconciler,
        queueing.keep_alive,
        metrics.oldest_job_age,
        metrics.test_runs_are_counted,
        metrics.metrics_as_declared,
        health.alive_without_stores,
        *_ROTATIONS,
        api_requests.rotated_token,
        files.no_write_outside_tmp,
        queueing.orchestrator_ends_clean,
    ),
}
