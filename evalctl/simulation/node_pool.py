"""Simulated spot nodes and the pods on them: they start for pods that wait, are reclaimed, and go when unneeded."""

from dataclasses import dataclass, field
from enum import Enum, auto

import simpy

from environments.spec import NodeGroup
from evalctl.simulation.worker import Steps, Surroundings, Worker


class State(Enum):
    """Of a pod."""

    PENDING = auto()  # without a node, or its node pulls the image
    READY = auto()
    ENDING = auto()  # had its SIGTERM


@dataclass(eq=False)
class Pod:
    """A worker's pod."""

    state: State = State.PENDING
    node: "Node | None" = None
    worker: Worker | None = None


@dataclass(eq=False)
class Node:
    """A spot instance; `unneeded_since` is when the autoscaler first found it so."""

    has_image: bool = False
    pods: list[Pod] = field(default_factory=list)
    leaving: bool = False
    unneeded_since: float | None = None


@dataclass(frozen=True, kw_only=True)
class PoolSettings:
    """The group, and what a node of it holds."""

    group: NodeGroup
    workers_on_a_node: int
    worker_share: float  # of a node's CPU that a worker requests
    daemon_share: float
    start_seconds: float
    eviction_lag_seconds: float  # from the notice to the SIGTERM


class NodePool:
    """The group of nodes, and the ReplicaSet whose pods run on it."""

    def __init__(self, around: Surroundings, settings: PoolSettings) -> None:
        self.pods: list[Pod] = []
        self.nodes: list[Node] = []
        self.node_seconds = 0.0
        self.most_nodes = 0
        self.reclaimed = 0
        self._around, self._settings = around, settings
        self._starting = 0
        self._counted_at = 0.0

    @property
    def running(self) -> list[Pod]:
        """Pods that are not ending: what the ReplicaSet counts."""
        return [pod for pod in self.pods if pod.state is not State.ENDING]

    @property
    def size(self) -> int:
        """Nodes that cost money."""
        return len(self.nodes) + self._starting

    def start(self, nodes: int) -> None:
        """The nodes that run before the burst, with the image."""
        for _ in range(nodes):
            self._joined(Node(has_image=True))

    def scale(self, replicas: int) -> None:
        """Make or end pods; those that do not run yet end first, then the youngest."""
        running = self.running
        for _ in range(replicas - len(running)):
            self.pods.append(Pod())
        ready_first = sorted(running, key=lambda pod: pod.state is State.PENDING)
        for pod in ready_first[replicas:]:
            self._end(pod)
        self.place()

    def place(self) -> None:
        """The scheduler: each waiting pod on the node with the fewest."""
        for pod in self.pods:
            if pod.state is State.PENDING and pod.node is None:
                node = min(self._with_room(), key=lambda node: len(node.pods), default=None)
                if node is None:
                    break
                pod.node = node
                node.pods.append(pod)
                self._around.clock.process(self._starts(pod, node))

    def add_nodes(self) -> None:
        """The cluster autoscaler: as many nodes as the pods without one need."""
        each = self._settings.workers_on_a_node
        waiting = sum(pod.node is None and pod.state is State.PENDING for pod in self.pods)
        missing = -(-waiting // each) - self._starting
        for _ in range(min(missing, self._settings.group.max_size - self.size)):
            self._count()
            self._starting += 1
            self._around.clock.process(self._boots())

    def remove_nodes(self) -> None:
        """The cluster autoscaler: a node that was unneeded for long goes, its pods elsewhere."""
        now, assumed = self._around.clock.now, self._around.assumed
        for node in tuple(self.nodes):
            if node.leaving or not self._unneeded(node):
                node.unneeded_since = None
            elif node.unneeded_since is None:
                node.unneeded_since = now
            elif (
                now - node.unneeded_since >= assumed.unneeded_seconds
                and self.size > self._settings.group.min_size
            ):
                self._around.clock.process(self._leaves(node))
                return  # one at a time, if it has pods

    def reclaim(self) -> Steps:
        """EC2 takes back nodes at random."""
        clock, random = self._around.clock, self._around.random
        per_hour = self._around.assumed.reclaims_per_node_hour
        if per_hour <= 0:
            return
        while True:
            yield clock.timeout(random.expovariate(per_hour * max(len(self.nodes), 1) / 3600))
            here = [node for node in self.nodes if not node.leaving]
            if here:
                self.reclaimed += 1
                lag = self._settings.eviction_lag_seconds
                clock.process(self._leaves(random.choice(here), after=lag))

    def finish(self) -> None:
        self._count()

    def _with_room(self) -> list[Node]:
        each = self._settings.workers_on_a_node
        return [node for node in self.nodes if not node.leaving and len(node.pods) < each]

    def _unneeded(self, node: Node) -> bool:
        settings = self._settings
        used = settings.daemon_share + settings.worker_share * len(node.pods)
        room = sum(
            settings.workers_on_a_node - len(other.pods)
            for other in self._with_room()
            if other is not node
        )
        return used < self._around.assumed.unneeded_below and len(node.pods) <= room

    def _boots(self) -> Steps:
        yield self._around.clock.timeout(self._settings.start_seconds)
        self._starting -= 1
        self._joined(Node())
        self.place()

    def _joined(self, node: Node) -> None:
        self._count()
        self.nodes.append(node)
        self.most_nodes = max(self.most_nodes, len(self.nodes))

    def _leaves(self, node: Node, *, after: float = 0.0) -> Steps:
        """Drain the node; its pods are made again elsewhere."""
        node.leaving = True
        yield self._around.clock.timeout(after)
        before = len(self.running)
        ends = [self._end(pod) for pod in tuple(node.pods) if pod.state is not State.ENDING]
        self.scale(before)
        yield self._around.clock.all_of(ends)
        while node.pods:  # one that was ending already
            yield self._around.clock.timeout(1)
        self._count()
        self.nodes.remove(node)

    def _starts(self, pod: Pod, node: Node) -> Steps:
        assumed = self._around.assumed
        pull = 0.0 if node.has_image else assumed.image_pull_seconds
        yield self._around.clock.timeout(pull + assumed.worker_start_seconds)
        node.has_image = True
        if pod.state is State.PENDING:
            pod.state = State.READY
            pod.worker = Worker(self._around)

    def _end(self, pod: Pod) -> simpy.Process:
        pod.state = State.ENDING
        return self._around.clock.process(self._ending(pod))

    def _ending(self, pod: Pod) -> Steps:
        yield self._around.clock.timeout(0)
        if pod.worker is not None:
            yield from pod.worker.stop()
        self.pods.remove(pod)
        if pod.node is not None:
            pod.node.pods.remove(pod)
        self.place()

    def _count(self) -> None:
        now = self._around.clock.now
        self.node_seconds += self.size * (now - self._counted_at)
        self._counted_at = now
