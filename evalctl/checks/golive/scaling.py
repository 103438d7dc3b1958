"""Checks of the workers: they scale, and they call providers with patience."""

from collections.abc import Iterator

from environments.names import WORKER
from evalctl.checks.check import Finding, Subject, check, require
from evalctl.parsed.kubernetes import called, objects, pods
from evalctl.parsed.node import Node


@check(
    title="The workers scale by CPU and by the queue",
    rests_on="HorizontalPodAutoscaler of the workers; their Deployment without a number of replicas",
    brief="B11",
)
def worker_autoscaling(subject: Subject) -> Iterator[Finding]:
    scalers = [
        scaler
        for scaler in objects(subject.env, "HorizontalPodAutoscaler")
        if scaler.at("spec", "scaleTargetRef", "name").value == WORKER.name
    ]
    for scaler in scalers:
        spec = scaler["spec"]
        least, most = spec["minReplicas"], spec["maxReplicas"]
        yield require(most, 1 <= least.number() < most.number(), "this cannot scale", other=least)
        kinds = [metric["type"].text() for metric in spec["metrics"].items()]
        for kind in ("Resource", "External"):
            yield require(spec["metrics"], kind in kinds, f"no metric of the type {kind}")
        for direction in ("scaleUp", "scaleDown"):
            policies = spec.at("behavior", direction, "policies")
            yield require(policies, bool(policies.items()), "without a policy the number flaps")
    if scalers:
        target = called(subject.env, "Deployment", WORKER.name, namespace=WORKER.namespace)
        if target is not None:
            replicas = target.at("spec", "replicas")
            yield require(
                replicas,
                not replicas.present,
                "each sync would set this number again; leave it to the autoscaler",
                other=scalers[0].at("spec", "minReplicas"),
            )


@check(
    title="Calls of LLM providers back off and retry, within a limit of requests",
    rests_on="ConfigMap llm-calls, and the workers' envFrom",
    brief="B12",
)
def llm_backoff(subject: Subject) -> Iterator[Finding]:
    settings = called(subject.env, "ConfigMap", "llm-calls", namespace=WORKER.namespace)
    for owner in pods(subject.env, "Deployment"):
        if owner.name == WORKER.name:
            for container in owner.spec["containers"].items():
                names = [
                    each.at("configMapRef", "name").value for each in container["envFrom"].items()
                ]
                yield require(
                    container["envFrom"], "llm-calls" in names, "the workers do not read llm-calls"
                )
    if settings is None:
        return
    data = settings["data"]
    attempts, first, longest = (
        data[f"LLM_{name}"]
        for name in ("MAX_ATTEMPTS", "INITIAL_BACKOFF_SECONDS", "MAX_BACKOFF_SECONDS")
    )
    yield require(attempts, attempts.number() >= 2, "without a second attempt nothing is retried")
    yield require(first, 0 < first.number() < longest.number(), "this must grow", other=longest)
    yield from _more_than(data["LLM_BACKOFF_MULTIPLIER"], 1, "the wait does not grow")
    yield from _more_than(data["LLM_REQUESTS_PER_MINUTE"], 0, "there is no limit of requests")
    yield from _more_than(data["LLM_TOKENS_PER_MINUTE"], 0, "there is no limit of tokens")
    yield from _more_than(data["LLM_TIMEOUT_SECONDS"], 0, "there is no time limit")
    jitter, retried = data["LLM_BACKOFF_JITTER"], data["LLM_RETRY_STATUS_CODES"]
    yield require(jitter, jitter.value == "full", "without jitter all workers retry together")
    yield require(retried, "429" in retried.text().split(","), "429 is not retried")
    after = data["LLM_RESPECT_RETRY_AFTER"]
    yield require(after, after.flag(), "the provider's Retry-After is not respected")


def _more_than(node: Node, limit: float, problem: str) -> Iterator[Finding]:
    yield require(node, node.number_or(limit) > limit, problem)
