"""Whether the scheduler finds room for everything at the workers' maximum, also during a rollout."""

import time
from collections import Counter
from collections.abc import Mapping

from lightkube.resources.apps_v1 import Deployment
from lightkube.resources.core_v1 import Pod
from lightkube.types import PatchType

from environments.capacity import smallest_type, workers_on_a_node
from environments.names import GENERAL_POOL, NAMESPACE, NODE_POOL_LABEL, WORKER, WORKER_POOL
from environments.spec import Environment
from evalctl.rehearsal.cluster.applications import application_of
from evalctl.rehearsal.cluster.checks import running
from evalctl.rehearsal.cluster.cluster import Cluster
from evalctl.rehearsal.cluster.result import Result, result
from evalctl.rehearsal.cluster.scheduling import is_finished, node_of
from evalctl.rehearsal.cluster.state import full_name, meta, name_of, namespace_of
from evalctl.rehearsal.cluster.waiting import not_ready, until

_ROOM_SECONDS = 240  # new nodes start, and pods on them
ROLLOUT_SECONDS = 180


async def at_the_maximum(cluster: Cluster) -> Result:
    """Every pod runs; call it when the autoscaler wants the workers' maximum."""

    async def missing() -> list[str]:
        wanted, made = cluster.env.worker.max_replicas, len(await _workers(cluster))
        fewer = [f"{made} pods of {wanted} workers"] if made < wanted else []
        return [*fewer, *await running.not_created(cluster), *await not_ready(cluster)]

    problems = await until(missing, seconds=_ROOM_SECONDS)
    nodes = Counter(
        (meta(node).labels or {}).get(NODE_POOL_LABEL, "") for node in await cluster.nodes()
    )
    nodes_of_workers = Counter(map(node_of, await _workers(cluster)))
    problems += more_than_counted(cluster.env, nodes_of_workers)
    evidence = ", ".join(f"{count} nodes of {pool}" for pool, count in sorted(nodes.items()))
    return result("everything runs at the workers' maximum", problems, evidence)


def more_than_counted(env: Environment, workers: Mapping[str, int]) -> list[str]:
    """Where the scheduler and `evalctl capacity` disagree about the workers on a node."""
    type_ = smallest_type(env.cluster.workers_spot)
    assert type_ is not None
    counted = workers_on_a_node(type_, env.worker)
    return [
        f"{node} runs {count} workers, and `evalctl capacity {env.name}` counts {counted}"
        for node, count in workers.items()
        if node and count > counted
    ]


async def rollouts_on_general(cluster: Cluster) -> Result:
    """Restart every synced Deployment on the general nodes, one after the other; EKS' add-ons are not synced."""
    return await _rollouts(cluster, GENERAL_POOL)


async def rollouts_on_workers(cluster: Cluster) -> Result:
    """Restart the workers."""
    return await _rollouts(cluster, WORKER_POOL)


async def _rollouts(cluster: Cluster, pool: str) -> Result:
    problems: list[str] = []
    restarted = 0
    async for deployment in cluster.client.list(Deployment, namespace="*"):
        if application_of(deployment) and _pool_of(deployment) == pool:
            restarted += 1
            problems += await _rolled_out(cluster, deployment, seconds=ROLLOUT_SECONDS)
    if not restarted:
        problems.append(f"no Deployment runs on {pool}")
    return result(
        f"a rollout of each Deployment on {pool} comes through at the workers' maximum",
        problems,
        f"{restarted} Deployments",
    )


async def rollout(cluster: Cluster, name: str, *, seconds: float = ROLLOUT_SECONDS) -> Result:
    """Restart one Deployment of the platform."""
    (deployment,) = [
        found
        async for found in cluster.client.list(Deployment, namespace="*")
        if name_of(found) == name and application_of(found)
    ]
    problems = await _rolled_out(cluster, deployment, seconds=seconds)
    return result(f"a rollout of {name} comes through", problems, full_name(deployment))


async def _rolled_out(cluster: Cluster, deployment: Deployment, *, seconds: float) -> list[str]:
    name = full_name(deployment)
    restarted = {"kubectl.kubernetes.io/restartedAt": str(time.time())}
    patched = await cluster.client.patch(
        Deployment,
        name_of(deployment),
        {"spec": {"template": {"metadata": {"annotations": restarted}}}},
        namespace=namespace_of(deployment),
        patch_type=PatchType.MERGE,
    )
    generation = meta(patched).generation or 0

    async def complete() -> list[str]:
        found = await cluster.client.get(
            Deployment, name_of(deployment), namespace=namespace_of(deployment)
        )
        status, wanted = found.status, (found.spec.replicas or 0) if found.spec else 0
        if status is None or (status.observedGeneration or 0) < generation:
            return [f"{name}: the rollout has not begun"]
        counts = (status.updatedReplicas or 0, status.replicas or 0, status.availableReplicas or 0)
        if counts == (wanted, wanted, wanted):
            return []
        waiting = [line for line in await not_ready(cluster) if line.startswith(name)]
        return [
            f"{name}: {counts[0]} of {wanted} new pods, {counts[2]} available; {'; '.join(waiting)}"
        ]

    return await until(complete, seconds=seconds)


async def _workers(cluster: Cluster) -> list[Pod]:
    ours = cluster.client.list(
        Pod, namespace=NAMESPACE, labels={"app.kubernetes.io/name": WORKER.name}
    )
    return [
        pod async for pod in ours if not is_finished(pod) and meta(pod).deletionTimestamp is None
    ]


def _pool_of(deployment: Deployment) -> str:
    pod = deployment.spec.template.spec if deployment.spec else None
    selector: Mapping[str, str] = (pod.nodeSelector if pod else None) or {}
    return selector.get(NODE_POOL_LABEL, GENERAL_POOL)
