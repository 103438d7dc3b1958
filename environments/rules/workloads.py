"""The orchestrator, the workers, how they call LLM providers, and the images they run."""

import re
from collections.abc import Iterator

from environments.names import Image, Names
from environments.rules.values import resource_problems
from environments.spec import Environment


def problems(env: Environment) -> Iterator[str]:
    worker, calls = env.worker, env.worker.llm_calls
    yield from resource_problems("orchestrator.resources", env.orchestrator.resources)
    yield from resource_problems("worker.resources", worker.resources)
    if env.orchestrator.replicas < 1:
        yield "orchestrator.replicas: fewer than 1; the API would be off"
    if not 1 <= worker.min_replicas <= worker.max_replicas:
        yield (
            f"worker: minimum {worker.min_replicas}, maximum {worker.max_replicas} replicas; order "
            "them 1 <= minimum <= maximum"
        )
    if not 1 <= worker.target_cpu_percent <= 100:
        yield f"worker.target_cpu_percent: {worker.target_cpu_percent}; use 1 to 100"
    if worker.max_job_seconds < calls.timeout_seconds:
        yield (
            f"worker.max_job_seconds: {worker.max_job_seconds} s is shorter than one LLM call may take "
            f"({calls.timeout_seconds} s); raise it"
        )
    if (
        calls.max_attempts < 2
        or not 1 <= calls.initial_backoff_seconds <= calls.max_backoff_seconds
    ):
        yield (
            "worker.llm_calls: without retries and a growing backoff a 429 becomes a storm (B12); use at "
            "least 2 attempts and 1 <= initial_backoff_seconds <= max_backoff_seconds"
        )
    if calls.concurrency_per_worker < 1 or calls.requests_per_minute_per_worker < 1:
        yield "worker.llm_calls: concurrency and requests per minute start at 1"
    for image in Image:
        if not re.search(r"@sha256:[0-9a-f]{64}$", Names(env).image(image)):
            yield f"images.{image}: not a digest; write 'sha256:' and 64 hexadecimal digits (images.json)"
    if not re.fullmatch(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}", env.orchestrator.hostname):
        yield f"orchestrator.hostname: {env.orchestrator.hostname!r} is not a DNS name; use one you own"
