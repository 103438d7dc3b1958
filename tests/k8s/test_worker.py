"""The workers: the brief's numbers, no job lost on spot, no 429 storm, no flapping."""

import dataclasses
import math

import pytest

from environments.dev import DEV
from environments.names import PROVIDER_KEYS, Addon, App, Names, Secret
from environments.registry import ENVIRONMENTS
from environments.spec import Environment
from k8s import previews
from k8s.app import build
from tests.support.manifests import Manifest, one
from tests.support.previews import PREVIEWED, PREVIEWS

ENVIRONMENT_NAMES = [env.name for env in ENVIRONMENTS]
SPOT_NOTICE_SECONDS = 120

Manifests = dict[str, dict[App, list[Manifest]]]


def _deployment(manifests: dict[App, list[Manifest]]) -> Manifest:
    spec: Manifest = one(manifests[App.WORKER], "Deployment")["spec"]
    return spec


def _pod(manifests: dict[App, list[Manifest]]) -> Manifest:
    pod: Manifest = _deployment(manifests)["template"]["spec"]
    return pod


def _autoscaler(manifests: dict[App, list[Manifest]]) -> Manifest:
    spec: Manifest = one(manifests[App.WORKER], "HorizontalPodAutoscaler")["spec"]
    return spec


def _metrics(manifests: dict[App, list[Manifest]]) -> dict[str, Manifest]:
    """Type → the metric by which the autoscaler scales."""
    return {metric["type"]: metric for metric in _autoscaler(manifests)["metrics"]}


def _env(name: str) -> Environment:
    return next(env for env in ENVIRONMENTS if env.name == name)


def _settings(manifests: dict[App, list[Manifest]], name: str = "worker") -> dict[str, str]:
    data: dict[str, str] = one(manifests[App.WORKER], "ConfigMap", name)["data"]
    return data


@pytest.mark.parametrize("name", ENVIRONMENT_NAMES)
def test_workers_scale_between_the_environments_bounds_at_its_cpu(
    name: str, manifests: Manifests
) -> None:
    spec, worker = _autoscaler(manifests[name]), _env(name).worker

    assert (spec["minReplicas"], spec["maxReplicas"]) == (worker.min_replicas, worker.max_replicas)
    assert _metrics(manifests[name])["Resource"]["resource"] == {
        "name": "cpu",
        "target": {"type": "Utilization", "averageUtilization": worker.target_cpu_percent},
    }


@pytest.mark.parametrize("name", ENVIRONMENT_NAMES)
def test_workers_scale_by_cpu_and_by_the_jobs_that_wait(name: str, manifests: Manifests) -> None:
    metrics = _metrics(manifests[name])

    assert metrics.keys() == {"Resource", "External"}
    # A total over the number of workers: with `Value` they would never be enough.
    assert metrics["External"]["external"]["target"] == {
        "type": "AverageValue",
        "averageValue": str(_env(name).worker.unfinished_jobs_per_replica),
    }


@pytest.mark.parametrize("name", ENVIRONMENT_NAMES)
def test_the_autoscaler_uses_a_metric_that_the_adapter_serves(
    name: str, manifests: Manifests, argocd: dict[str, list[Manifest]], names: dict[str, Names]
) -> None:
    adapter = names[name].application(Addon.PROMETHEUS_ADAPTER)
    source = one(argocd[name], "Application", adapter)["spec"]["source"]
    rules = source["helm"]["valuesObject"]["rules"]["external"]
    # The adapter queries series of the autoscaler's namespace, unless its rule is not namespaced.
    offered = [
        {"name": rule["name"]["as"]} for rule in rules if rule["resources"] == {"namespaced": False}
    ]

    # No selector either: the rule picks its series by itself.
    assert _metrics(manifests[name])["External"]["external"]["metric"] in offered


@pytest.mark.parametrize("name", ENVIRONMENT_NAMES)
def test_the_manifest_sets_no_number_of_workers(name: str, manifests: Manifests) -> None:
    target = _autoscaler(manifests[name])["scaleTargetRef"]

    assert "replicas" not in _deployment(manifests[name])
    assert target["name"] == one(manifests[name][App.WORKER], "Deployment")["metadata"]["name"]


@pytest.mark.parametrize("name", ENVIRONMENT_NAMES)
def test_scaling_down_is_slower_than_scaling_up_and_waits_as_long_as_a_job(
    name: str, manifests: Manifests
) -> None:
    spec = _autoscaler(manifests[name])
    down, up = spec["behavior"]["scaleDown"], spec["behavior"]["scaleUp"]
    longest = int(_settings(manifests[name])["JOB_MAX_SECONDS"])

    assert down["stabilizationWindowSeconds"] >= longest > up["stabilizationWindowSeconds"]
    assert _most_pods_a_minute(down, of=spec["maxReplicas"]) < _most_pods_a_minute(
        up, of=spec["maxReplicas"]
    )


def _most_pods_a_minute(direction: Manifest, *, of: int) -> float:
    rates = []
    for policy in direction["policies"]:
        pods = of * policy["value"] / 100 if policy["type"] == "Percent" else policy["value"]
        rates.append(float(pods) * 60 / float(policy["periodSeconds"]))
    return max(rates)


def test_the_stabilization_window_stays_within_the_autoscalers_limit_for_jobs_of_hours() -> None:
    patient = dataclasses.replace(DEV, worker=dataclasses.replace(DEV.worker, max_job_seconds=7200))

    window = _autoscaler(build(patient))["behavior"]["scaleDown"]["stabilizationWindowSeconds"]

    assert window == 3600


@pytest.mark.parametrize("name", ENVIRONMENT_NAMES)
def test_a_worker_returns_its_jobs_to_the_queue_before_spot_takes_the_node(
    name: str, manifests: Manifests
) -> None:
    drain = int(_settings(manifests[name])["DRAIN_SECONDS"])
    grace = _pod(manifests[name])["terminationGracePeriodSeconds"]

    assert drain < grace < SPOT_NOTICE_SECONDS


@pytest.mark.parametrize("name", ENVIRONMENT_NAMES)
def test_no_job_runs_twice_at_the_same_time(name: str, manifests: Manifests) -> None:
    settings = _settings(manifests[name])
    grace = _pod(manifests[name])["terminationGracePeriodSeconds"]

    longest = int(settings["JOB_MAX_SECONDS"]) + grace

    assert int(settings["JOB_VISIBILITY_TIMEOUT_SECONDS"]) >= longest


@pytest.mark.parametrize("name", ENVIRONMENT_NAMES)
def test_the_workers_of_a_node_can_all_be_evicted_within_the_notice(
    name: str, manifests: Manifests
) -> None:
    budget = one(manifests[name][App.WORKER], "PodDisruptionBudget")["spec"]
    percent = int(budget["maxUnavailable"].removesuffix("%"))

    # Two fit on a node of four processors; a budget of one would make the second wait too long.
    assert math.ceil(4 * percent / 100) >= 2
    assert percent < 100


@pytest.mark.parametrize("name", ENVIRONMENT_NAMES)
def test_llm_keys_are_variables_and_one_may_be_missing(name: str, manifests: Manifests) -> None:
    (container,) = _pod(manifests[name])["containers"]

    assert {
        variable["name"]: variable["valueFrom"]["secretKeyRef"] for variable in container["env"]
    } == {key: {"name": Secret.LLM_KEYS, "key": key, "optional": True} for key in PROVIDER_KEYS}


@pytest.mark.parametrize("name", ENVIRONMENT_NAMES)
def test_no_worker_starts_before_the_secret_of_llm_keys_exists(
    name: str, manifests: Manifests
) -> None:
    volumes = {
        volume["secret"]["secretName"]: volume["secret"].get("optional", False)
        for volume in _pod(manifests[name])["volumes"]
        if "secret" in volume
    }

    assert volumes[Secret.LLM_KEYS] is False


@pytest.mark.parametrize("name", ENVIRONMENT_NAMES)
def test_pods_read_how_to_back_off_from_429s(name: str, manifests: Manifests) -> None:
    env = _env(name)
    settings = _settings(manifests[name], "llm-calls")
    (container,) = _pod(manifests[name])["containers"]

    assert {"configMapRef": {"name": "llm-calls"}} in container["envFrom"]
    assert int(settings["LLM_MAX_ATTEMPTS"]) == env.worker.llm_calls.max_attempts >= 2
    assert float(settings["LLM_BACKOFF_MULTIPLIER"]) > 1
    assert settings["LLM_BACKOFF_JITTER"] == "full"
    assert {"429", "529"} <= set(settings["LLM_RETRY_STATUS_CODES"].split(","))
    assert int(settings["LLM_INITIAL_BACKOFF_SECONDS"]) < int(settings["LLM_MAX_BACKOFF_SECONDS"])


@pytest.mark.parametrize("name", ENVIRONMENT_NAMES)
def test_all_workers_with_those_that_still_drain_stay_below_the_providers_limits(
    name: str, manifests: Manifests
) -> None:
    env = _env(name)
    settings = _settings(manifests[name], "llm-calls")

    for setting, limit in (
        ("LLM_REQUESTS_PER_MINUTE", env.worker.llm_calls.provider_requests_per_minute),
        ("LLM_TOKENS_PER_MINUTE", env.worker.llm_calls.provider_tokens_per_minute),
    ):
        assert limit / 2 < int(settings[setting]) * env.worker.most_at_once < limit


@pytest.mark.parametrize("replicas", range(1, 22))
def test_no_number_of_workers_reaches_the_providers_limits(replicas: int) -> None:
    worker = dataclasses.replace(DEV.worker, min_replicas=1, max_replicas=replicas)
    limit = worker.llm_calls.provider_requests_per_minute
    assert worker.llm_requests_per_minute * worker.most_at_once < limit


def test_each_worker_calls_less_if_there_are_more() -> None:
    # Even numbers, because half of the workers may be evicted at once.
    few, many = (
        _settings(
            build(
                dataclasses.replace(
                    DEV,
                    worker=dataclasses.replace(DEV.worker, min_replicas=1, max_replicas=replicas),
                )
            ),
            "llm-calls",
        )
        for replicas in (4, 8)
    )

    for setting in ("LLM_REQUESTS_PER_MINUTE", "LLM_TOKENS_PER_MINUTE"):
        assert int(many[setting]) == int(few[setting]) // 2


def test_a_previews_workers_call_no_more_than_the_same_number_of_the_environments() -> None:
    for workers in range(1, PREVIEWED.worker.max_replicas + 1):
        previewed = dataclasses.replace(
            PREVIEWED, previews=dataclasses.replace(PREVIEWS, workers=workers)
        )
        calls = one(previews.build(previewed), "ConfigMap", "llm-calls")["data"]
        at_once = dataclasses.replace(
            DEV.worker, min_replicas=workers, max_replicas=workers
        ).most_at_once
        limits = DEV.worker.llm_calls
        for setting, limit in (
            ("LLM_REQUESTS_PER_MINUTE", limits.provider_requests_per_minute),
            ("LLM_TOKENS_PER_MINUTE", limits.provider_tokens_per_minute),
        ):
            share = limit * workers // DEV.worker.max_replicas
            assert 0 < int(calls[setting]) * at_once <= share


def test_other_settings_for_llm_calls_replace_the_workers() -> None:
    calls = dataclasses.replace(DEV.worker.llm_calls, max_attempts=3)
    changed = dataclasses.replace(DEV, worker=dataclasses.replace(DEV.worker, llm_calls=calls))

    before, after = (
        _deployment(build(env))["template"]["metadata"]["annotations"] for env in (DEV, changed)
    )

    assert before != after


@pytest.mark.parametrize("name", ENVIRONMENT_NAMES)
def test_store_passwords_are_files_that_follow_a_rotation(name: str, manifests: Manifests) -> None:
    settings = _settings(manifests[name])
    (container,) = _pod(manifests[name])["containers"]
    mounts = {mount["name"]: mount for mount in container["volumeMounts"]}

    for store in (Secret.POSTGRES, Secret.REDIS, Secret.CLICKHOUSE):
        mount = mounts[store]
        assert settings[f"{store.upper()}_URL_FILE"] == f"{mount['mountPath']}/url"
        assert "subPath" not in mount, "such a file never changes"
