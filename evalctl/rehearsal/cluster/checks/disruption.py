"""Whether nodes can be drained at the fastest that the disruption budgets allow, and no Service goes below its minimum."""

import asyncio
import time
from collections.abc import Mapping, Sequence

from lightkube import ApiError
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import Node, Pod, PodEviction
from lightkube.resources.policy_v1 import PodDisruptionBudget

from environments.capacity import added_in_an_update
from environments.names import GENERAL_POOL, WORKER_POOL
from evalctl.rehearsal.cluster.checks import merges
from evalctl.rehearsal.cluster.cluster import Cluster
from evalctl.rehearsal.cluster.node_template import ZONE_LABEL
from evalctl.rehearsal.cluster.result import Result, result
from evalctl.rehearsal.cluster.state import full_name, meta, name_of, namespace_of
from evalctl.rehearsal.cluster.waiting import not_ready, until

_DRAIN_SECONDS = 300
_JOINED_SECONDS = 240
_READY_SECONDS = 240
_ROUND_SECONDS = 0.5
# A budget allows no disruption; or several budgets are about the pod, which Kubernetes does not evict then.
_REFUSED = (429, 500)


async def budgets(cluster: Cluster) -> Result:
    """Each budget lets a pod go when all are healthy; otherwise a drain would never end."""
    found = [budget async for budget in cluster.client.list(PodDisruptionBudget, namespace="*")]
    problems = [
        f"{full_name(budget)} allows no eviction of its {budget.status.currentHealthy} healthy pods"
        for budget in found
        if budget.status is not None and not budget.status.disruptionsAllowed
    ]
    return result("each disruption budget lets a pod go", problems, f"{len(found)} budgets")


async def one_of_each_group(cluster: Cluster) -> Result:
    """Drain one node of each group, and let it come back."""
    nodes = [await cluster.nodes(pool) for pool in (GENERAL_POOL, WORKER_POOL)]
    return await _one_by_one(cluster, "a node of each group", [name_of(each[0]) for each in nodes])


async def each_node(cluster: Cluster) -> Result:
    """Drain one node after the other, and let each come back."""
    return await _one_by_one(
        cluster, "each node", [name_of(each) for each in await cluster.nodes()]
    )


async def _one_by_one(cluster: Cluster, what: str, nodes: Sequence[str]) -> Result:
    problems: list[str] = []
    seconds: list[float] = []
    for node in nodes:
        started = time.monotonic()
        problems += await drained(cluster, node, seconds=_DRAIN_SECONDS)
        seconds.append(time.monotonic() - started)
        await cluster.client.patch(Node, node, {"spec": {"unschedulable": False}})
        problems += await until(lambda: not_ready(cluster), seconds=_READY_SECONDS)
    return result(
        f"{what} is drained, and each budget keeps its minimum",
        problems,
        f"{len(nodes)} nodes, the slowest in {max(seconds):.0f} s",
    )


async def update(cluster: Cluster, *, pools: Sequence[str] = (GENERAL_POOL, WORKER_POOL)) -> Result:
    """Update each node group, as EKS does it for a new AMI: a new node joins, an old one is drained and removed."""
    problems: list[str] = []
    started = time.monotonic()
    before = {name_of(node) for pool in pools for node in await cluster.nodes(pool)}
    for pool in pools:
        problems += await updated(cluster, pool)
    after = {name_of(node) for node in await cluster.nodes()}
    problems += [f"{node} is not replaced" for node in sorted(before & after)]
    return result(
        "an update of each node group replaces every node, and each budget keeps its minimum",
        problems,
        f"{len(before)} nodes in {time.monotonic() - started:.0f} s",
    )


async def updated(cluster: Cluster, pool: str) -> list[str]:
    """Replace the nodes of a group, as many at once as EKS adds for an update; each problem that came up."""
    problems: list[str] = []
    groups = cluster.parts.groups
    at_once = added_in_an_update(groups.pools[pool].spec)
    left = await cluster.nodes(pool)
    while left:
        old, left = left[:at_once], left[at_once:]
        new = {groups.add(pool, (meta(node).labels or {})[ZONE_LABEL]) for node in old}

        async def joined(new: set[str] = new) -> list[str]:
            there = {name_of(each) for each in await cluster.nodes(pool)}
            return [f"{each} has not joined" for each in sorted(new - there)]

        problems += await until(joined, seconds=_JOINED_SECONDS)
        for node in old:
            problems += await drained(cluster, name_of(node), seconds=_DRAIN_SECONDS)
            await groups.remove(cluster.client, name_of(node))
        problems += await merges.healthy(cluster)
    return problems


async def drained(cluster: Cluster, node: str, *, seconds: float) -> list[str]:
    """Evict every pod of a node but those of DaemonSets; each problem that came up."""
    await cluster.client.patch(Node, node, {"spec": {"unschedulable": True}})
    deadline = time.monotonic() + seconds
    problems: dict[str, None] = {}
    refused: Mapping[str, str] = {}
    while pods := await _evictable(cluster, node):
        refused = {
            full_name(pod): message
            for pod in pods
            if (message := await _evict(cluster, pod)) is not None
        }
        problems.update(dict.fromkeys(await _below_minimum(cluster)))
        if time.monotonic() > deadline:
            stuck = [f"{node}: {pod} is not evicted: {why}" for pod, why in refused.items()]
            return [
                *problems,
                *(stuck or [f"{node}: {full_name(pod)} does not end" for pod in pods]),
            ]
        await asyncio.sleep(_ROUND_SECONDS)
    return list(problems)


async def _evictable(cluster: Cluster, node: str) -> list[Pod]:
    return [
        pod
        async for pod in cluster.client.list(Pod, namespace="*", fields={"spec.nodeName": node})
        if not any(owner.kind == "DaemonSet" for owner in meta(pod).ownerReferences or ())
    ]


async def _evict(cluster: Cluster, pod: Pod) -> str | None:
    """The reason of a refusal; None if the pod is being deleted."""
    if meta(pod).deletionTimestamp is not None:
        return None
    name, namespace = name_of(pod), namespace_of(pod)
    eviction = PodEviction(metadata=ObjectMeta(name=name, namespace=namespace))
    try:
        await cluster.client.create(eviction, name, namespace=namespace)
    except ApiError as error:
        if error.status.code in _REFUSED:
            return str(error.status.message)
        if error.status.code != 404:
            raise
    return None


async def _below_minimum(cluster: Cluster) -> list[str]:
    """Budgets with fewer healthy pods than they require."""
    return [
        f"{full_name(budget)} has {healthy} healthy pods and requires {required}"
        async for budget in cluster.client.list(PodDisruptionBudget, namespace="*")
        if budget.status is not None
        and (healthy := budget.status.currentHealthy or 0)
        < (required := budget.status.desiredHealthy or 0)
    ]
