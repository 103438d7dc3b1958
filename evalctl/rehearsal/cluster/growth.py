"""Which node groups grow for the pods that no node takes, as the cluster autoscaler decides it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from lightkube.resources.core_v1 import Node, Pod

from environments.node_pools import NodePool
from evalctl.rehearsal.cluster.scheduling import (
    Place,
    avoids_its_own,
    is_unschedulable,
    place,
)
from evalctl.rehearsal.cluster.state import Described, Snapshot, full_name, meta, name_of

# The scheduler tries a pod again as soon as a node is ready. After this time a pod that still waits does not wait for it.
_SETTLED = timedelta(seconds=30)
# A new node has it until its first heartbeat.
_NOT_READY = "node.kubernetes.io/not-ready"


@dataclass(frozen=True, kw_only=True)
class Growth:
    """One node more for a pod; `retried` if a node that exists seems to have room for it."""

    pool: NodePool
    zone: str
    pod: str  # as in `eval-platform/worker-1`
    uid: str
    retried: bool


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A group that may grow: by how many nodes, and which one would be next."""

    pool: NodePool
    zone: str  # EC2 Auto Scaling chooses it, not the autoscaler: that with the fewest nodes
    room: int
    next_node: Node


def growths(
    snapshot: Snapshot,
    *,
    candidates: Sequence[Candidate],
    starting: Sequence[Node],
    retried: Collection[str],
    now: datetime,
) -> Iterator[Growth]:
    """The nodes that unschedulable pods need, beyond those that start already; at most one for each group.

    The next round decides about another node of the group, because its zone may be another. A pod that a node has room
    for, by resources, labels, taints and volumes, waits for another reason, such as its spread over zones. A new node
    may help it, so it gets one, once, when the scheduler had time: `retried` has the uids of these pods.
    """
    existing = _places(snapshot)
    coming = [_with_daemons(place(node), snapshot) for node in starting]
    users: dict[int, list[Pod]] = {}
    left = list(candidates)
    waiting = sorted(
        (pod for pod in snapshot.pods if is_unschedulable(pod)),
        key=lambda pod: (str(meta(pod).creationTimestamp), full_name(pod)),
    )
    for pod in waiting:
        assert pod.spec is not None
        volumes = snapshot.volumes_of(pod)
        known = any(other.takes(pod.spec, volumes) for other in existing)
        if known and (meta(pod).uid in retried or not _settled(pod, snapshot, now)):
            continue
        index = next(
            (
                index
                for index, other in enumerate(coming)
                if other.takes(pod.spec, volumes) and not _apart(pod, users.get(index, ()))
            ),
            None,
        )
        if index is None:
            chosen = next(
                (
                    candidate
                    for candidate in left
                    if candidate.room > 0
                    and _new_place(candidate, snapshot).takes(pod.spec, volumes)
                ),
                None,
            )
            if chosen is None:
                continue
            left.remove(chosen)
            coming.append(_new_place(chosen, snapshot))
            index = len(coming) - 1
            yield Growth(
                pool=chosen.pool,
                zone=chosen.zone,
                pod=full_name(pod),
                uid=meta(pod).uid or "",
                retried=known,
            )
        coming[index] = coming[index].without(pod.spec)
        users.setdefault(index, []).append(pod)


def emptiest_zone(zones: Sequence[str], nodes: Mapping[str, int]) -> str | None:
    """The zone with the fewest nodes, the first of several; None without a zone."""
    return min(zones, key=lambda zone: nodes.get(zone, 0), default=None)


def _new_place(candidate: Candidate, snapshot: Snapshot) -> Place:
    return _with_daemons(place(candidate.next_node), snapshot)


def _with_daemons(empty: Place, snapshot: Snapshot) -> Place:
    """Without the share of the DaemonSets whose pods the node will run."""
    for daemon in snapshot.daemon_sets:
        template = daemon.spec.template.spec if daemon.spec else None
        if template and empty.admits(template):
            empty = empty.without(template)
    return empty


def _places(snapshot: Snapshot) -> list[Place]:
    pods_of: dict[str, list[Pod]] = {}
    for pod in snapshot.pods:
        if pod.spec and pod.spec.nodeName:
            pods_of.setdefault(pod.spec.nodeName, []).append(pod)
    return [
        _when_ready(place(node, pods_of.get(name_of(node), ())))
        for node in snapshot.nodes
        if node.spec and not node.spec.unschedulable and not meta(node).deletionTimestamp
    ]


def _when_ready(present: Place) -> Place:
    return replace(
        present, taints=tuple(taint for taint in present.taints if taint.key != _NOT_READY)
    )


def _settled(pod: Pod, snapshot: Snapshot, now: datetime) -> bool:
    """Whether the pod and all nodes are older than what the scheduler needs."""
    objects: list[Described] = [pod, *snapshot.nodes]
    ages = [meta(item).creationTimestamp for item in objects]
    return all(created is not None and now - created > _SETTLED for created in ages)


def _apart(pod: Pod, others: Collection[Pod]) -> bool:
    """Whether the pod may not join one of its own workload."""
    owners = {owner.uid for owner in meta(pod).ownerReferences or ()}
    return avoids_its_own(pod) and any(
        owner.uid in owners for other in others for owner in meta(other).ownerReferences or ()
    )
