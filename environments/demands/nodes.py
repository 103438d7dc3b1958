"""Room on the node groups at their maximum, and on the general group while a node is lost."""

from collections.abc import Iterator

from environments.capacity import (
    DAEMON_PODS,
    Room,
    free_room,
    general_pods,
    placed,
    requested,
    smallest_type,
    without_one_of_each,
    workers_on_a_node,
)
from environments.demands.demand import Demand
from environments.spec import Environment, Tier


def demands(env: Environment) -> Iterator[Demand]:
    yield from _workers(env)
    yield from _general(env)


def _workers(env: Environment) -> Iterator[Demand]:
    group, worker = env.cluster.workers_spot, env.worker
    type_ = smallest_type(group)
    each = requested(worker.compute)
    if type_ is None or each.cpu < 1 or each.memory < 1:  # refused by other rules
        return
    free, on_node = free_room(type_), workers_on_a_node(type_, worker)
    has = on_node * group.max_size
    counted = (
        f"{group.max_size} nodes with {on_node} workers each: {free.cpu // each.cpu} by CPU, "
        f"{free.memory // each.memory} by memory, {type_.most_pods - DAEMON_PODS} by pods; a worker requests {each} of "
        f"{free}, which system and daemons leave"
    )
    if not free.fits(each):
        problem = (
            f"worker.compute: {each} fit on no node of cluster.workers_spot, which has {free} for pods; request less, "
            "or use larger instance types"
        )
    else:
        problem = (
            f"worker.max_replicas: {worker.max_replicas}, but {group.max_size} nodes of cluster.workers_spot hold "
            f"{on_node} each; raise its max_size to {-(-worker.max_replicas // max(on_node, 1))}, or lower this to {has}"
        )
    yield Demand(
        what="workers on workers_spot",
        needs=max(worker.max_replicas, 1),
        has=has,
        counted=counted,
        problem=problem,
    )


def _general(env: Environment) -> Iterator[Demand]:
    group, type_ = env.cluster.general, smallest_type(env.cluster.general)
    if type_ is None:  # refused by other rules
        return
    wanted, each = general_pods(env), free_room(type_)
    count = sum(pods.count for pods in wanted)
    total = sum((pods.each * pods.count for pods in wanted), Room(0, 0))
    fits, alone = placed(wanted, group.max_size, each)
    of = f"{group.max_size} nodes with {each} each"
    yield Demand(
        what="pods on general",
        needs=count,
        has=fits,
        counted=f"{of}; all pods together request {total}",
        problem=""
        if alone is None
        else f"cluster.general: {of} have no room for all of {alone.count} {alone.name} with {alone.each} each; all "
        f"pods together request {total}. Raise max_size, or use larger instance types",
    )
    room = group.max_size * (type_.most_pods - DAEMON_PODS)
    yield Demand(
        what="addresses for pods on general",
        needs=count,
        has=room,
        counted=f"{group.max_size} nodes with {type_.most_pods} each, less {DAEMON_PODS} of daemons",
        problem=f"cluster.general: {group.max_size} nodes have addresses for {room} pods besides their own, and {count} "
        "run there; raise max_size, or use larger instance types",
    )
    fewer = without_one_of_each(wanted)
    needed, left = sum(pods.count for pods in fewer), group.max_size - 1
    fits, alone = placed(fewer, left, each)
    yield Demand(
        what="pods on general, a node lost",
        needs=needed,
        has=fits,
        counted=f"{left} nodes; of each workload with several pods one may wait for the new node, {count - needed} in all",
        problem=""
        if alone is None
        else f"cluster.general: without one of {group.max_size} nodes there is no room for {alone.count} {alone.name} "
        f"with {alone.each} each, although one pod of each workload may wait; raise max_size",
        tolerated=env.tier is not Tier.PRODUCTION,
    )
