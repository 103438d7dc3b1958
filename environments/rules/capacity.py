"""Whether the node groups, at their largest, have room for what runs on them."""

from collections.abc import Iterator

from environments.capacity import DAEMON_PODS, Pods, Room, free_room, general_pods, requested
from environments.catalog import INSTANCE_TYPES, InstanceType
from environments.rules import bounds
from environments.spec import Environment, NodeGroup


def problems(env: Environment) -> Iterator[str]:
    if any(bounds.problems(env)):  # it would take long to place so many pods
        return
    general, workers = env.cluster.general, env.cluster.workers_spot
    if (type_ := _smallest(general)) is not None:
        yield from _general_pool(general, type_, general_pods(env))
    if (type_ := _smallest(workers)) is not None:
        yield from _workers(env, type_)


def _smallest(group: NodeGroup) -> InstanceType | None:
    """The type with the least room; None if the group's values are refused by other rules."""
    known = [INSTANCE_TYPES[name] for name in group.instance_types if name in INSTANCE_TYPES]
    return min(known, key=free_room) if known and group.max_size >= 1 else None


def _general_pool(group: NodeGroup, type_: InstanceType, wanted: tuple[Pods, ...]) -> Iterator[str]:
    nodes, each = group.max_size, free_room(type_)
    of = f"{nodes} nodes with {each} each"
    if (alone := _left_over(wanted, nodes, each)) is not None:
        total = sum((pods.each * pods.count for pods in wanted), Room(0, 0))
        yield (
            f"cluster.general: {of} have no room for all of {alone.count} {alone.name} with {alone.each} each; all "
            f"pods together request {total}. Raise max_size, or use larger instance types"
        )
    count, room = sum(pods.count for pods in wanted), nodes * (type_.most_pods - DAEMON_PODS)
    if count > room:
        yield (
            f"cluster.general: {nodes} nodes have addresses for {room} pods besides their own, and {count} run there; "
            "raise max_size, or use larger instance types"
        )


def _left_over(wanted: tuple[Pods, ...], nodes: int, each: Room) -> Pods | None:
    """The first pods that find no node: the largest first, each on the node with most room."""
    room = [each] * nodes
    for pods in sorted(wanted, key=lambda pods: (pods.apart or pods.even, pods.each), reverse=True):
        own = [0] * nodes
        for _ in range(pods.count):
            most = 0 if pods.apart else min(own) if pods.even else pods.count
            allowed = [node for node in range(nodes) if own[node] <= most]
            best = max(allowed, key=lambda node: room[node], default=None)
            if best is None or not room[best].fits(pods.each):
                return pods
            room[best] -= pods.each
            own[best] += 1
    return None


def _workers(env: Environment, type_: InstanceType) -> Iterator[str]:
    group, worker = env.cluster.workers_spot, env.worker
    each, free = requested(worker.compute), free_room(type_)
    if not free.fits(each):
        yield (
            f"worker.compute: {each} fit on no node of cluster.workers_spot, which has {free} for pods; request less, "
            "or use larger instance types"
        )
    elif each.cpu > 0 and each.memory > 0:  # other values are refused by another rule
        on_node = min(
            free.cpu // each.cpu, free.memory // each.memory, type_.most_pods - DAEMON_PODS
        )
        if worker.max_replicas > on_node * group.max_size:
            yield (
                f"worker.max_replicas: {worker.max_replicas}, but {group.max_size} nodes of cluster.workers_spot hold "
                f"{on_node} each; raise its max_size to {-(-worker.max_replicas // on_node)}, or lower this to "
                f"{on_node * group.max_size}"
            )
