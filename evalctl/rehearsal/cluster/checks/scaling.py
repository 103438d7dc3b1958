"""Whether the real autoscaler takes the workers from their minimum to their maximum on a burst of jobs."""

import time
from dataclasses import dataclass, field

from lightkube.resources.apps_v1 import Deployment
from lightkube.resources.autoscaling_v2 import HorizontalPodAutoscaler

from environments.names import NAMESPACE, WORKER
from evalctl.rehearsal.cluster.cluster import Cluster
from evalctl.rehearsal.cluster.result import Result, result
from evalctl.rehearsal.cluster.waiting import not_ready, until

BURST_JOBS = 10_000
_UP_SECONDS = 420
_RUN_SECONDS = 180  # for the nodes of the last workers


@dataclass
class Curve:
    """How many workers the autoscaler wanted, by seconds since the burst."""

    started: float = field(default_factory=time.monotonic)
    points: list[tuple[float, int]] = field(default_factory=list)

    def add(self, replicas: int) -> None:
        if not self.points or self.points[-1][1] != replicas:
            self.points.append((time.monotonic() - self.started, replicas))

    def __str__(self) -> str:
        return ", ".join(f"{replicas} after {seconds:.0f} s" for seconds, replicas in self.points)


async def burst(cluster: Cluster, *, curve: Curve | None = None) -> Result:
    """Let jobs wait, and follow the workers to their maximum."""
    curve = curve or Curve()
    maximum = cluster.env.worker.max_replicas
    name = "a burst takes the workers from their minimum to their maximum"
    cluster.queue.value = BURST_JOBS

    async def at_the_maximum() -> list[str]:
        replicas = await _replicas(cluster)
        curve.add(replicas)
        return [] if replicas == maximum else [f"{replicas} workers, {await _message(cluster)}"]

    problems = await until(at_the_maximum, seconds=_UP_SECONDS)
    if not problems:
        problems = await until(lambda: not_ready(cluster), seconds=_RUN_SECONDS)
    return result(name, problems, f"{BURST_JOBS} jobs: {curve}")


async def _replicas(cluster: Cluster) -> int:
    deployment = await cluster.client.get(Deployment, WORKER.name, namespace=NAMESPACE)
    assert deployment.spec is not None
    return deployment.spec.replicas or 0


async def _message(cluster: Cluster) -> str:
    """The autoscaler's own reason."""
    found = await cluster.client.get(HorizontalPodAutoscaler, WORKER.name, namespace=NAMESPACE)
    conditions = (found.status and found.status.conditions) or ()
    return "; ".join(
        f"{condition.type} is {condition.status}: {condition.message}" for condition in conditions
    )
