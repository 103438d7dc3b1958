"""Previews of pull requests, where an environment has them."""

from collections.abc import Iterator

from environments.rules.values import compute_problems, is_github_owner, is_github_repository
from environments.rules.workloads import jobs_in_memory
from environments.spec import Compute, Environment, Tier

# Two weeks: pods move to new nodes, where they pull images that expire after 30 days (stacks/registry.py).
LONGEST_HOURS = 14 * 24

_LONGEST_LABEL = 50  # GitHub accepts no longer name (REST API, "Create a label")


def problems(env: Environment) -> Iterator[str]:
    previews = env.previews
    if previews is None:
        return
    if env.tier is Tier.PRODUCTION:
        yield (
            "previews: in production they would give its keys and stores to unreleased code; use None"
        )
    if not is_github_owner(previews.repository_owner) or not is_github_repository(
        previews.repository_name
    ):
        yield (
            f"previews: '{previews.repository_owner}/{previews.repository_name}' is not a GitHub "
            "repository; use its owner and its name"
        )
    if not previews.label.strip() or previews.label != previews.label.strip():
        yield (
            f"previews.label: {previews.label!r} is not a label, and without one every pull request "
            "would get a preview; name the one that maintainers set"
        )
    if len(previews.label) > _LONGEST_LABEL:
        yield f"previews.label: {len(previews.label)} characters; GitHub accepts {_LONGEST_LABEL}"
    if not 1 <= previews.max_age_hours <= LONGEST_HOURS:
        yield (
            f"previews.max_age_hours: {previews.max_age_hours}; use 1 to {LONGEST_HOURS}, so that a "
            "forgotten preview ends"
        )
    if not 1 <= previews.workers <= env.worker.max_replicas:
        yield (
            f"previews.workers: {previews.workers}; use 1 to {env.worker.max_replicas}, the "
            "environment's own maximum"
        )
    yield from _compute("worker", previews.worker_compute, env.worker.compute)
    yield from jobs_in_memory(
        "previews.worker_compute", previews.worker_compute, jobs=env.worker.job_concurrency
    )
    yield from _compute("orchestrator", previews.orchestrator_compute, env.orchestrator.compute)


def _compute(what: str, preview: Compute, environment: Compute) -> Iterator[str]:
    field = f"previews.{what}_compute"
    yield from compute_problems(field, preview)
    if (
        preview.cpu_limit_millicores > environment.cpu_limit_millicores
        or preview.memory_limit_mib > environment.memory_limit_mib
    ):
        yield f"{field}: larger than {what}.compute; a preview is smaller than its environment"
