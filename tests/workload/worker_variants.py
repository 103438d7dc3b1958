"""The reference worker with one line of the contract broken; see `variants.py`."""

import os
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import tenacity

from tests.workload.patching import module
from tests.workload.variants_of_both import BOTH


def metrics_always_present() -> None:
    """The gauge appears with the first job."""
    from prometheus_client import REGISTRY

    metrics = module("worker.metrics")

    gauge, track = metrics.JOBS_IN_PROGRESS, metrics.JOBS_IN_PROGRESS.track_inprogress
    REGISTRY.unregister(gauge)
    registered = False

    def tracked() -> Any:
        nonlocal registered
        if not registered:
            REGISTRY.register(gauge)
            registered = True
        return track()

    gauge.track_inprogress = tracked


def ready() -> None:
    """Liveness begins with the first job."""
    health = module("worker.health")
    program = module("worker.program")

    evaluate, begun = program.Program._evaluate, False

    def first(self: Any, id_: str) -> None:
        nonlocal begun
        begun = True
        evaluate(self, id_)

    program.Program._evaluate = first
    health.Health.alive = property(lambda self: begun)
    health.Health.ready = property(lambda self: self._beat is not None and not self.draining)


def metrics_as_declared() -> None:
    """A label has another name."""
    from prometheus_client import REGISTRY, Counter

    metrics = module("worker.metrics")

    REGISTRY.unregister(metrics.RETRIES)
    labels = ("gen_ai_provider_name", "gen_ai_request_model", "why")
    metrics.RETRIES = Counter("eval_llm_retries", "Calls that were repeated", labels)


def metrics_count_what_happened() -> None:
    """Each call is measured twice."""
    llm = module("worker.llm")
    metrics = module("worker.metrics")

    measure = llm.Calls._measure

    def twice(self: Any, answer: Any, error_type: str, *rest: Any) -> None:
        measure(self, answer, error_type, *rest)
        labels = ("chat", self.provider.name, self.model, error_type)
        metrics.CALL_DURATION.labels(*labels).observe(1)

    llm.Calls._measure = twice


def results() -> None:
    """The branch is missing."""
    evaluation = module("worker.evaluation")

    row = evaluation.Evaluator._row
    evaluation.Evaluator._row = lambda *arguments: {**row(*arguments), "branch": ""}


def llm_calls() -> None:
    """Refused calls are not written."""
    clickhouse = module("clickhouse")

    insert = clickhouse.ClickHouse.insert

    def successes(self: Any, table: str, rows: Any, **options: str) -> None:
        kept = [row for row in rows if not row.get("error_type")]
        if kept:
            insert(self, table, kept, **options)

    clickhouse.ClickHouse.insert = successes


def anthropic() -> None:
    """Every provider is called by OpenAI's protocol."""
    providers = module("worker.providers")

    providers.CLIENTS["anthropic"] = providers.OpenAI


def attempts() -> None:
    llm = module("worker.llm")

    stop = llm.stop_after_attempt
    llm.stop_after_attempt = lambda most: stop(most + 1)


def backoff() -> None:
    """No jitter."""
    llm = module("worker.llm")

    llm.wait_random_exponential = tenacity.wait_exponential


def retry_after() -> None:
    providers = module("worker.providers")

    providers._seconds = lambda text: 0.0


def statuses() -> None:
    """409 is not repeated."""
    llm = module("worker.llm")

    repeated = llm.Calls._is_repeated
    llm.Calls._is_repeated = lambda self, error: (
        getattr(error, "error_type", "") != "409" and repeated(self, error)
    )


def timeout() -> None:
    """A call may take any time."""
    _set_for_providers("llm_timeout_seconds")


def garbage() -> None:
    """An answer that cannot be read ends the worker."""
    llm = module("worker.llm")

    parse = llm._parse

    def fatal(text: str, schema: Any) -> Any:
        try:
            return parse(text, schema)
        except Exception:
            os._exit(1)

    llm._parse = fatal


def calls_at_a_time() -> None:
    _set_for_providers("llm_concurrency")


def _set_for_providers(setting: str) -> None:
    llm = module("worker.llm")

    make = llm.Provider.__init__

    def boundless(self: Any, name: str, settings: Any) -> None:
        make(self, name, settings.model_copy(update={setting: 1_000}))

    llm.Provider.__init__ = boundless


def requests_and_tokens_per_minute() -> None:
    limits = module("worker.limits")

    limits.MinuteLimits._allow = lambda self, tokens: True


def private_agents() -> None:
    agent = module("worker.agent")

    agent.is_public = lambda address: True


def alive_during_a_long_call() -> None:
    """It is not alive while a job runs."""
    health = module("worker.health")
    metrics = module("worker.metrics")

    health.Health.alive = property(lambda self: metrics.JOBS_IN_PROGRESS._value.get() == 0)


def alive_without_stores() -> None:
    """It is alive only while it is connected to the queue."""
    health = module("worker.health")

    health.Health.alive = property(lambda self: self._beat is not None)


def longest_job() -> None:
    evaluation = module("worker.evaluation")

    make = evaluation.Evaluator.__init__

    def patient(self: Any, settings: Any, pool: Any) -> None:
        make(self, settings.model_copy(update={"job_max_seconds": 10_000}), pool)

    evaluation.Evaluator.__init__ = patient


def sigterm() -> None:
    """SIGTERM ends it at once; its jobs stay invisible."""
    program = module("worker.program")

    program.Program._drain = lambda self, worker: os._exit(0)


def sigkill() -> None:
    """A dead worker's job is no crash."""
    claims = module("worker.claims")

    claimed = claims.Job.claimed.__func__

    def not_crashed(cls: Any, *arguments: Any, **more: Any) -> Any:
        job = claimed(cls, *arguments, **more)
        return job and job.model_copy(update={"crashed": False})

    claims.Job.claimed = classmethod(not_crashed)


def killed_before_the_acknowledgement() -> None:
    """A job that runs twice writes its results twice; it stays unfinished for a while after the first."""
    claims = module("worker.claims")
    evaluation = module("worker.evaluation")

    finish = claims.Job.finish

    def late(self: Any, pool: Any, **more: Any) -> None:
        time.sleep(6)
        finish(self, pool, **more)

    claims.Job.finish = late
    evaluation._WRITTEN = "SELECT 1 WHERE 0"
    evaluation.deduplication_token = lambda *_: str(uuid4())


WORKER: tuple[Callable[[], None], ...] = (
    metrics_always_present,
    ready,
    metrics_as_declared,
    metrics_count_what_happened,
    results,
    llm_calls,
    anthropic,
    attempts,
    backoff,
    retry_after,
    statuses,
    timeout,
    garbage,
    calls_at_a_time,
    requests_and_tokens_per_minute,
    private_agents,
    alive_during_a_long_call,
    alive_without_stores,
    longest_job,
    sigterm,
    sigkill,
    killed_before_the_acknowledgement,
    *BOTH,
)
