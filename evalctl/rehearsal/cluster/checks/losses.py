"""Whether everything runs again when nodes are lost, and only what may wait has waited for their replacement."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from lightkube.resources.core_v1 import Pod

from environments.names import GENERAL_POOL, NAMESPACE, WORKER, WORKER_POOL
from evalctl.rehearsal.cluster.checks import running
from evalctl.rehearsal.cluster.checks.disruption import drained
from evalctl.rehearsal.cluster.cluster import Cluster
from evalctl.rehearsal.cluster.node_template import ZONE_LABEL
from evalctl.rehearsal.cluster.result import Result, result
from evalctl.rehearsal.cluster.scheduling import in_reach, is_unschedulable, node_of
from evalctl.rehearsal.cluster.state import Snapshot, full_name, meta, name_of, read
from evalctl.rehearsal.cluster.waiting import not_ready, until

_REPLACED_SECONDS = 240  # a new node starts, and its pods on it
# EC2 takes a spot instance two minutes after its notice (EC2 User Guide, "Spot Instance interruption notices").
_NOTICE_SECONDS = 120


async def without_a_general_node(cluster: Cluster) -> Result:
    """Lose the general node with the most pods; its group replaces it."""
    pods = Counter([node_of(pod) async for pod in cluster.client.list(Pod, namespace="*")])
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


async def spot_reclaim(cluster: Cluster) -> Result:
    """EC2 gives notice of a spot node. EKS drains the node at once, and the group replaces it when it is gone."""
    node = name_of((await cluster.nodes(WORKER_POOL))[0])
    started = time.monotonic()
    problems = await drained(cluster, node, seconds=_NOTICE_SECONDS)
    took = time.monotonic() - started
    found = await _lost(cluster, "a spot node is reclaimed", [node])
    return result(
        found.check,
        [*problems, *([] if found.passed else [found.evidence])],
        f"{node} was empty {took:.0f} s after the notice of {_NOTICE_SECONDS} s; {found.evidence}",
    )


async def _lost(cluster: Cluster, what: str, nodes: list[str]) -> Result:
    """Lose the nodes at once, and wait until everything runs again."""
    for node in nodes:
        await cluster.parts.groups.lose(cluster.client, node)
    started = time.monotonic()
    waited: dict[str, None] = {}
    not_allowed: dict[str, None] = {}

    async def everything_runs() -> list[str]:
        snapshot = await read(cluster.client)
        without_node = [pod for pod in snapshot.pods if is_unschedulable(pod)]
        waited.update(dict.fromkeys(map(full_name, without_node)))
        not_allowed.update(dict.fromkeys(may_not_wait(without_node, snapshot)))
        # Kubernetes deletes the pods of a node that is gone a minute later, and makes others after that.
        orphans = [
            f"{full_name(pod)}: on {node_of(pod)}, which is gone"
            for pod in snapshot.pods
            if node_of(pod) in nodes
        ]
        gone = [f"{node} is still there" for node in nodes if node in snapshot.node_by_name]
        return [*orphans, *await running.not_created(cluster), *await not_ready(cluster), *gone]

    problems = await until(everything_runs, seconds=_REPLACED_SECONDS)
    return result(
        f"{what}, only what may wait waits for a node, and everything runs again",
        [*problems, *not_allowed],
        f"after {time.monotonic() - started:.0f} s; waited for a node: {', '.join(waited) or 'nothing'}",
    )


def may_not_wait(waiting: Iterable[Pod], snapshot: Snapshot) -> Iterator[str]:
    """Of the pods that no node takes, those that `evalctl capacity` counts as running while a node is lost.

    Workers may wait, one of several equal pods, and a pod whose volume is in a zone that has no node.
    """
    others = [
        pod for pod in waiting if not _is_worker(pod) and not _waits_for_a_zone(pod, snapshot)
    ]
    pods_of = Counter(_owner(pod) for pod in snapshot.pods if meta(pod).deletionTimestamp is None)
    waiting_of = Counter(map(_owner, others))
    for pod in others:
        count, all_pods = waiting_of[_owner(pod)], pods_of[_owner(pod)]
        if count > 1 or all_pods == 1:
            yield f"{full_name(pod)} may not wait for a node: {count} of {all_pods} equal pods wait"


def _is_worker(pod: Pod) -> bool:
    labels: Mapping[str, str] = meta(pod).labels or {}
    own = meta(pod).namespace == NAMESPACE
    return own and labels.get("app.kubernetes.io/name") == WORKER.name


def _waits_for_a_zone(pod: Pod, snapshot: Snapshot) -> bool:
    labels = [meta(node).labels or {} for node in snapshot.nodes]
    return any(
        not any(in_reach(volume, each) for each in labels) for volume in snapshot.volumes_of(pod)
    )


def _owner(pod: Pod) -> str:
    return next((owner.uid for owner in meta(pod).ownerReferences or ()), meta(pod).uid or "")
