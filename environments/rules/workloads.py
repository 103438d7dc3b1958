"""The orchestrator, the workers, how they call LLM providers, and the images they run."""

import re
from collections.abc import Iterator

from environments.images import Image, is_digest
from environments.names import SMALL_QUEUE
from environments.rules.values import compute_problems
from environments.spec import Compute, Environment, Worker

# The reference worker, with DeepEval 4.3 and both SDKs, had 226 MiB in memory after its first jobs (VmRSS). A job
# has its case, prompts and answers in memory; a request of the API, which may be one case, has at most 8 MiB.
_WORKER_MIB = 320
_JOB_MIB = 64

# RFC 1123, section 2.1. A top-level domain has letters only, or is internationalised (RFC 5890, A-label).
_LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
# DNS allows 253 characters, and the load balancer's rule for the name 128 (Elastic Load Balancing API reference,
# HostHeaderConditionConfig).
_LONGEST_HOSTNAME = 128
_HOSTNAME = re.compile(rf"({_LABEL}\.)+([a-z]{{2,63}}|xn--[a-z0-9-]{{0,58}}[a-z0-9])")


def problems(env: Environment) -> Iterator[str]:
    worker, calls = env.worker, env.worker.llm_calls
    yield from compute_problems("orchestrator.compute", env.orchestrator.compute)
    yield from compute_problems("worker.compute", worker.compute)
    if env.orchestrator.replicas < 1:
        yield "orchestrator.replicas: fewer than 1; the API would be off"
    if not 1 <= worker.min_replicas <= worker.max_replicas:
        yield (
            f"worker: minimum {worker.min_replicas}, maximum {worker.max_replicas} replicas; order "
            "them 1 <= minimum <= maximum"
        )
    if not 1 <= worker.target_cpu_percent <= 100:
        yield f"worker.target_cpu_percent: {worker.target_cpu_percent}; use 1 to 100"
    if worker.unfinished_jobs_per_replica < 1:
        yield (
            f"worker.unfinished_jobs_per_replica: {worker.unfinished_jobs_per_replica}; use at least 1: "
            "the autoscaler divides the unfinished jobs by it"
        )
    elif worker.unfinished_jobs_per_replica * worker.max_replicas > SMALL_QUEUE:
        most = SMALL_QUEUE // max(worker.max_replicas, 1)
        yield (
            f"worker.unfinished_jobs_per_replica: {worker.unfinished_jobs_per_replica}; the last of {worker.max_replicas} "
            f"workers would start at {worker.unfinished_jobs_per_replica * worker.max_replicas} unfinished jobs, after the "
            f"alert about a long queue, at {SMALL_QUEUE}; "
            + (f"use at most {most}" if most else f"lower worker.max_replicas to {SMALL_QUEUE}")
        )
    yield from _jobs_at_a_time(worker)
    if worker.max_job_seconds < calls.timeout_seconds:
        yield (
            f"worker.max_job_seconds: {worker.max_job_seconds} s is shorter than one LLM call "
            f"({calls.timeout_seconds} s); raise it"
        )
    if (
        calls.max_attempts < 2
        or not 1 <= calls.initial_backoff_seconds <= calls.max_backoff_seconds
    ):
        yield (
            "worker.llm_calls: without retries and a growing backoff, one 429 causes many more; use at "
            "least 2 attempts and 1 <= initial_backoff_seconds <= max_backoff_seconds"
        )
    if calls.concurrency_per_worker < 1:
        yield (
            f"worker.llm_calls.concurrency_per_worker: {calls.concurrency_per_worker}; use at least 1"
        )
    for image in Image:
        if not is_digest(env.images[image]):
            yield f"images.{image}: not a digest; write 'sha256:' and 64 hexadecimal digits (images.json)"
    hostname = env.orchestrator.hostname
    if len(hostname) > _LONGEST_HOSTNAME or not _HOSTNAME.fullmatch(hostname):
        yield (
            f"orchestrator.hostname: {hostname!r} is not a DNS name; use one you own, in lower case, "
            f"with at most 63 characters between dots and {_LONGEST_HOSTNAME} in all "
            "(letters that are not ASCII as 'xn--…')"
        )


def _jobs_at_a_time(worker: Worker) -> Iterator[str]:
    jobs, calls = worker.job_concurrency, worker.llm_calls.concurrency_per_worker
    if jobs < 1:
        yield f"worker.job_concurrency: {jobs}; use at least 1"
    elif jobs > calls:
        yield (
            f"worker.job_concurrency: {jobs} jobs, but only {calls} LLM calls at a time (llm_calls.concurrency_per_worker); "
            "the other jobs would wait in this worker while another one is free; use at most as many jobs as calls"
        )
    if jobs > worker.unfinished_jobs_per_replica >= 1:
        yield (
            f"worker.unfinished_jobs_per_replica: {worker.unfinished_jobs_per_replica}; a worker runs {jobs} jobs at a time, "
            f"so the autoscaler would start workers that get no job; use at least {jobs}, or lower job_concurrency"
        )
    yield from jobs_in_memory("worker.compute", worker.compute, jobs=jobs)


def jobs_in_memory(field: str, compute: Compute, *, jobs: int) -> Iterator[str]:
    """Whether a worker's container has the memory for the jobs that it runs at a time."""
    needed = _WORKER_MIB + jobs * _JOB_MIB
    if 0 < compute.memory_limit_mib < needed:
        yield (
            f"{field}: {compute.memory_limit_mib} MiB of memory, but the worker needs {_WORKER_MIB} MiB and {_JOB_MIB} "
            f"MiB for each of {jobs} jobs at a time; use at least {needed} MiB, or lower worker.job_concurrency"
        )
