"""Whether the real autoscaler follows the queue: up, down, and not at all while it cannot read a metric."""

import asyncio
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from lightkube.resources.apps_v1 import Deployment
from lightkube.resources.autoscaling_v2 import HorizontalPodAutoscaler

from environments.names import NAMESPACE, WORKER, App
from evalctl.autoscaler_trace import Trace
from evalctl.rehearsal.cluster import applications
from evalctl.rehearsal.cluster.checks import capacity, merges
from evalctl.rehearsal.cluster.checks.sync import refresh
from evalctl.rehearsal.cluster.cluster import METRICS_SERVER, PROMETHEUS_ADAPTER, Cluster
from evalctl.rehearsal.cluster.control_plane import HPA_SYNC_SECONDS
from evalctl.rehearsal.cluster.result import Result, result
from evalctl.rehearsal.cluster.waiting import until
from evalctl.step_chart import Line, Panel, drawn

PICTURES = "docs/pictures"
BURST_JOBS = 10_000
_UP_SECONDS = 420
_DOWN_SECONDS = 3600
_NOTICED_SECONDS = 120
# Of an outage: several decisions of the autoscaler, each with a window that has passed.
_OUTAGE_SECONDS = 75
_WINDOW_SECONDS = 15
_FALLS_SECONDS = 240


@dataclass
class Curve:
    """How many workers the autoscaler wanted, by seconds since the burst."""

    started: float = field(default_factory=time.monotonic)
    points: list[tuple[float, int]] = field(default_factory=list)

    def add(self, replicas: int) -> None:
        if not self.points or self.points[-1][1] != replicas:
            self.points.append((self.seconds, replicas))

    @property
    def seconds(self) -> float:
        """Since the burst."""
        return time.monotonic() - self.started

    def __str__(self) -> str:
        return ", ".join(f"{replicas} after {seconds:.0f} s" for seconds, replicas in self.points)


async def burst(cluster: Cluster, *, curve: Curve | None = None) -> Result:
    """Let jobs wait, until the autoscaler wants as many workers as it may."""
    curve = curve or Curve()
    maximum = cluster.env.worker.max_replicas
    name = "a burst takes the workers from their minimum to their maximum"
    cluster.queue.value = BURST_JOBS

    async def at_the_maximum() -> list[str]:
        replicas = await workers(cluster)
        curve.add(replicas)
        return [] if replicas == maximum else [f"{replicas} workers, {await _message(cluster)}"]

    problems = await until(at_the_maximum, seconds=_UP_SECONDS)
    return result(name, problems, f"{BURST_JOBS} jobs: {curve}")


async def up_and_down(cluster: Cluster) -> Result:
    """A burst and its end, drawn for the documentation, and as a trace for `evalctl simulate --against`."""
    name = "the workers follow a burst up and down"
    curve = Curve()
    for check in (partial(burst, curve=curve), capacity.at_the_maximum):
        found = await check(cluster)
        if not found.passed:
            return result(name, [found.evidence], "")
    ended = curve.seconds
    problems = await _down(cluster, curve)
    path = cluster.served.checkout / PICTURES / f"workers-of-{cluster.env.name}.svg"
    panel = Panel(title="workers", lines=[Line(name="workers", points=curve.points)])
    picture = drawn([panel], seconds=curve.seconds, mark=(ended, "the queue is empty"))
    path.write_text(picture, encoding="utf-8")
    trace = path.with_suffix(".json")
    await _write_trace(cluster, curve, ended=ended, path=trace)
    return result(name, problems, f"{curve}; the jobs end after {ended:.0f} s; {path}, {trace}")


async def _down(cluster: Cluster, curve: Curve) -> list[str]:
    """Let no job wait, and follow the workers to their minimum; what keeps them from it."""
    minimum = cluster.env.worker.min_replicas
    cluster.queue.value = 0

    async def at_the_minimum() -> list[str]:
        replicas = await workers(cluster)
        curve.add(replicas)
        return [] if replicas == minimum else [f"{replicas} workers, {await _message(cluster)}"]

    return await until(at_the_minimum, seconds=_DOWN_SECONDS)


async def _write_trace(cluster: Cluster, curve: Curve, *, ended: float, path: Path) -> None:
    autoscaler = await cluster.client.get(HorizontalPodAutoscaler, WORKER.name, namespace=NAMESPACE)
    assert autoscaler.spec is not None
    Trace(
        made_by=f"evalctl rehearse {cluster.env.name} --full",
        sync_seconds=HPA_SYNC_SECONDS,
        autoscaler=autoscaler.spec.to_dict(),
        waiting_jobs=[(0.0, BURST_JOBS), (ended, 0)],
        replicas=curve.points,
        seconds=curve.seconds,
    ).write(path)


async def without_prometheus_adapter(cluster: Cluster) -> Result:
    """The queue's length cannot be read."""
    return await _outage(cluster, PROMETHEUS_ADAPTER)


async def without_metrics_server(cluster: Cluster) -> Result:
    """The workers' CPU cannot be read."""
    return await _outage(cluster, METRICS_SERVER)


async def _outage(cluster: Cluster, service: tuple[str, str]) -> Result:
    """Call it when the workers are at their maximum.

    The queue becomes empty during the outage, so nothing but the outage keeps the workers. That they fall
    afterwards shows it. A shorter window of the autoscaler, merged while the API is away, shows that
    Argo CD still syncs.
    """
    name = f"without {service[1]} the workers stay, and Argo CD syncs"
    app = cluster.names.application(App.WORKER)
    before = await workers(cluster)
    port = cluster.services.pop(service)
    cluster.queue.value = 0
    try:
        problems = await until(lambda: _noticed(cluster), seconds=_NOTICED_SECONDS)
        problems += await _shorter_window(cluster, app)
        finished = (await applications.read(cluster.client))[app].finished
        problems += await _stays(cluster, before)
        if (await applications.read(cluster.client))[app].finished != finished:
            problems.append(f"Argo CD synced {app} again while the workers stayed")
        reasons = [line for line in await _conditions(cluster) if "FailedGet" in line]
    finally:
        cluster.services[service] = port
    started = time.monotonic()
    problems += await until(lambda: _below(cluster, before), seconds=_FALLS_SECONDS)
    fell = time.monotonic() - started
    cluster.queue.value = BURST_JOBS
    commit = cluster.served.revert()
    problems += await until(lambda: at(cluster, before), seconds=_UP_SECONDS)
    problems += await merges.synced(cluster, app, commit)
    problems += await merges.healthy(cluster)
    return result(
        name,
        problems,
        f"{before} workers for {_OUTAGE_SECONDS} s with an empty queue ({'; '.join(reasons)}); fewer {fell:.0f} s after the outage",
    )


async def _shorter_window(cluster: Cluster, app: str) -> list[str]:
    """Merge it, and wait until the cluster has it; the Application is not Healthy during an outage."""
    path = f"{cluster.names.app_folder(App.WORKER)}/HorizontalPodAutoscaler-{WORKER.name}.yaml"
    edit = merges.replaced(
        cluster,
        path,
        r"(scaleDown:[\s\S]*?stabilizationWindowSeconds:) \d+",
        rf"\1 {_WINDOW_SECONDS}",
    )
    commit = cluster.served.commit("A shorter window", edit)
    await refresh(cluster, app)
    return await until(lambda: merges.at_revision(cluster, app, commit), seconds=merges.SECONDS)


async def _stays(cluster: Cluster, replicas: int) -> list[str]:
    deadline = time.monotonic() + _OUTAGE_SECONDS
    while time.monotonic() < deadline:
        if problems := await at(cluster, replicas):
            return problems
        await asyncio.sleep(1)
    return []


async def _noticed(cluster: Cluster) -> list[str]:
    """The autoscaler's condition names the metric that it cannot read."""
    message = await _message(cluster)
    return [] if "FailedGet" in message else [f"the autoscaler does not notice: {message}"]


async def at(cluster: Cluster, replicas: int) -> list[str]:
    """What keeps the workers from this number."""
    now = await workers(cluster)
    return [] if now == replicas else [f"{now} workers and not {replicas}"]


async def _below(cluster: Cluster, replicas: int) -> list[str]:
    now = await workers(cluster)
    return [] if now < replicas else [f"{now} workers still, with an empty queue"]


async def workers(cluster: Cluster) -> int:
    """How many the autoscaler wants."""
    deployment = await cluster.client.get(Deployment, WORKER.name, namespace=NAMESPACE)
    assert deployment.spec is not None
    return deployment.spec.replicas or 0


async def _message(cluster: Cluster) -> str:
    """The autoscaler's own reason."""
    return "; ".join(await _conditions(cluster))


async def _conditions(cluster: Cluster) -> list[str]:
    found = await cluster.client.get(HorizontalPodAutoscaler, WORKER.name, namespace=NAMESPACE)
    conditions = (found.status and found.status.conditions) or ()
    return [
        f"{condition.type} is {condition.status} ({condition.reason}): {condition.message}"
        for condition in conditions
    ]
