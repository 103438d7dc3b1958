"""Whether the scheduler finds room for everything at the workers' maximum, also when something is lost."""

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
from evalctl.rehearsal.cluster.node_template import ZONE_LABEL
from evalctl.rehearsal.cluster.result import Result, result
from evalctl.rehearsal.cluster.scheduling import is_finished
from evalctl.rehearsal.cluster.state import full_name, meta, name_of, namespace_of
from evalctl.rehearsal.cluster.waiting import not_ready, until

_REPLACED_SECONDS = 240  # a new node starts, and its pods on it
ROLLOUT_SECONDS = 180


async def at_the_maximum(cluster: Cluster) -> Result:
    """Every pod runs; call it when the autoscaler wants the workers' maximum."""

    async def missing() -> list[str]:
        wanted, made = cluster.env.worker.max_replicas, len(await _workers(cluster))
        fewer = [f"{made} pods of {wanted} workers"] if made < wanted else []
        return [*fewer, *await not_ready(cluster)]

    problems = await until(missing, seconds=_REPLACED_SECONDS)
    nodes = Counter(
        (meta(node).labels or {}).get(NODE_POOL_LABEL, "") for node in await cluster.nodes()
    )
    nodes_of_workers = Counter(map(_node_of, await _workers(cluster)))
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


async def without_a_general_node(cluster: Cluster) -> Result:
    """Lose the general node with the most pods; its group replaces it."""
    pods = Counter([_node_of(pod) async for pod in cluster.client.list(Pod, namespace="*")])
    nodes = [name_of(node) for node in await cluster.nodes(GENERAL_POOL)]
    fullest = max(nodes, key=lambda node: pods[node])
    return await _lost(cluster, "a general node is lost", [fullest])


async def without_the_largest_spot_zone(cluster: Cluster) -> Result:
    """Lose the zone with most spot nodes; other zones take over as far as the group's maximum allows."""
    nodes = await cluster.nodes(WORKER_POOL)
    zones = Counter((meta(node).labels or {}).get(ZONE_LABEL, "") for node in nodes)
    ((zone, _),) = zones.most_common(1)
    lost = [name_of(node) for node in nodes if (meta(node).labels or {}).get(ZONE_LABEL) == zone]
    cluster.parts.groups.without_capacity.add((WORKER_POOL, zone))
    try:
        return await _lost(cluster, f"the spot nodes of {zone} are lost", lost)
    finally:
        cluster.parts.groups.without_capacity.discard((WORKER_POOL, zone))


async def _lost(cluster: Cluster, what: str, nodes: list[str]) -> Result:
    """Lose the nodes at once, and wait until everything runs again."""
    for node in nodes:
        await cluster.parts.groups.lose(cluster.client, node)
    started = time.monotonic()
    waited: dict[str, None] = {}

    async def everything_runs() -> list[str]:
        # Kubernetes deletes the pods of a node that is gone a minute later, and makes others after that.
        orphans = [
            f"{full_name(pod)}: on {_node_of(pod)}, which is gone"
            async for pod in cluster.client.list(Pod, namespace="*")
            if _node_of(pod) in nodes
        ]
        waiting = await not_ready(cluster)
        waited.update(dict.fromkeys(line.partition(":")[0] for line in waiting))
        gone = [f"{node} is still there" for node in nodes if await _exists(cluster, node)]
        return [*orphans, *await running.not_created(cluster), *waiting, *gone]

    problems = await until(everything_runs, seconds=_REPLACED_SECONDS)
    return result(
        f"{what}, and everything runs again",
        problems,
        f"after {time.monotonic() - started:.0f} s; waited: {', '.join(waited) or 'nothing'}",
    )


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


def _node_of(pod: Pod) -> str:
    return (pod.spec.nodeName if pod.spec else None) or ""


async def _exists(cluster: Cluster, name: str) -> bool:
    return name in map(name_of, await cluster.nodes())
