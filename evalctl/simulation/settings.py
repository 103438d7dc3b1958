"""What the simulation reads: the environment's value, and the manifests that are rendered for it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from environments.capacity import (
    DAEMONS,
    node_room,
    requested,
    smallest_type,
    workers_on_a_node,
)
from environments.names import WORKER, Addon, App, Names
from environments.node_pools import START_SECONDS
from environments.spec import Environment
from evalctl.kubernetes_yaml import documents
from evalctl.simulation.autoscaler_spec import (
    AutoscalerSpec,
    UnreadableAutoscalerError,
    parsed,
)
from evalctl.simulation.node_pool import PoolSettings
from evalctl.simulation.provider import CallRules

SPOT_NOTICE_SECONDS = 120  # EC2 user guide, "Spot Instance interruption notices"


class NotRenderedError(Exception):
    """A manifest is missing, or lacks what the simulation reads."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """An environment's workers, nodes and limits."""

    names: Names
    autoscaler: AutoscalerSpec
    pool: PoolSettings
    rules: CallRules
    job_concurrency: int
    drain_seconds: float
    scrape_seconds: float  # between two readings of the queue's length
    count_running: bool  # whether the metric counts jobs that run, besides those that wait
    cpu_request_millicores: int


def read(names: Names, *, checkout: Path) -> Settings:
    """From the manifests in rendered/ of a checkout.

    Raises:
        NotRenderedError: with the file that is missing or has another form.
    """
    env = names.env
    folder = checkout / names.app_folder(App.WORKER)
    try:
        calls = _manifest(folder / "ConfigMap-llm-calls.yaml")["data"]
        worker = _manifest(folder / f"ConfigMap-{WORKER.name}.yaml")["data"]
        autoscaler = _manifest(folder / f"HorizontalPodAutoscaler-{WORKER.name}.yaml")["spec"]
        pod = _manifest(folder / f"Deployment-{WORKER.name}.yaml")["spec"]["template"]["spec"]
        scraped = _prometheus(names, checkout)["scrapeInterval"]
        return Settings(
            names=names,
            autoscaler=parsed(autoscaler),
            pool=_pool(env, grace_seconds=pod["terminationGracePeriodSeconds"]),
            rules=CallRules(
                requests_per_minute=int(calls["LLM_REQUESTS_PER_MINUTE"]),
                tokens_per_minute=int(calls["LLM_TOKENS_PER_MINUTE"]),
                concurrency=int(calls["LLM_CONCURRENCY"]),
                max_attempts=int(calls["LLM_MAX_ATTEMPTS"]),
                initial_backoff_seconds=float(calls["LLM_INITIAL_BACKOFF_SECONDS"]),
                max_backoff_seconds=float(calls["LLM_MAX_BACKOFF_SECONDS"]),
            ),
            job_concurrency=int(worker.get("JOB_CONCURRENCY", 1)),
            drain_seconds=float(worker["DRAIN_SECONDS"]),
            scrape_seconds=float(scraped.removesuffix("s")),
            count_running="eval_jobs_in_progress" in _metrics_query(names, checkout),
            cpu_request_millicores=requested(env.worker.compute).cpu,
        )
    except (OSError, KeyError, UnreadableAutoscalerError) as error:
        raise NotRenderedError(
            f"what is rendered for {env.name} cannot be simulated: {type(error).__name__} {error}; run `evalctl render`"
        ) from error


def _pool(env: Environment, *, grace_seconds: int) -> PoolSettings:
    group = env.cluster.workers_spot
    type_ = smallest_type(group)
    assert type_ is not None  # the rules accepted the environment
    cpu = node_room(type_).cpu
    return PoolSettings(
        group=group,
        workers_on_a_node=workers_on_a_node(type_, env.worker),
        worker_share=requested(env.worker.compute).cpu / cpu,
        daemon_share=DAEMONS.cpu / cpu,
        start_seconds=START_SECONDS[group.capacity_type],
        eviction_lag_seconds=SPOT_NOTICE_SECONDS - grace_seconds,
    )


def _prometheus(names: Names, checkout: Path) -> dict[str, Any]:
    spec: dict[str, Any] = _values(names, checkout, Addon.PROMETHEUS_STACK)["prometheus"][
        "prometheusSpec"
    ]
    return spec


def _metrics_query(names: Names, checkout: Path) -> str:
    """What prometheus-adapter serves to the autoscaler."""
    (rule,) = _values(names, checkout, Addon.PROMETHEUS_ADAPTER)["rules"]["external"]
    return str(rule["metricsQuery"])


def _values(names: Names, checkout: Path, addon: Addon) -> dict[str, Any]:
    path = checkout / names.argocd_folder / f"Application-{names.application(addon)}.yaml"
    values: dict[str, Any] = _manifest(path)["spec"]["source"]["helm"]["valuesObject"]
    return values


def _manifest(path: Path) -> dict[str, Any]:
    (found,) = documents(path.read_text(encoding="utf-8"))
    return found
