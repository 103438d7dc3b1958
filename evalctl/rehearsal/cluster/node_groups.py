"""The environment's node groups: their nodes start, grow with the pods that wait, and are replaced when lost."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from lightkube import AsyncClient
from lightkube.core.exceptions import ApiError
from lightkube.resources.core_v1 import Node

from environments.names import NODE_POOL_LABEL
from environments.node_pools import START_SECONDS, NodePool, node_pools
from environments.spec import CapacityType
from evalctl.rehearsal.cluster.growth import Candidate, emptiest_zone, growths
from evalctl.rehearsal.cluster.node_template import ZONE_LABEL, NodeTemplate
from evalctl.rehearsal.cluster.state import Snapshot, meta, name_of

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class StartingNode:
    """An instance that EC2 has started and that has not joined the cluster yet."""

    pool: NodePool
    zone: str
    node: Node
    ready_at: float


class NodeGroups:
    """Keeps each group at its size; the size changes by growth and by the methods below.

    A check calls the methods while `act` runs once in each round.
    """

    def __init__(
        self,
        template: NodeTemplate,
        *,
        grow: Callable[[Snapshot], bool],
        start_seconds: Mapping[CapacityType, float] = START_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.pools = {pool.name: pool for pool in node_pools(template.names.env.cluster)}
        self.sizes = {name: pool.spec.desired_size for name, pool in self.pools.items()}
        self.starting: list[StartingNode] = []
        # Zones of pools in which EC2 has no capacity: no node starts there.
        self.without_capacity: set[tuple[str, str]] = set()
        # A new version of Kubernetes: the nodes that start from now on.
        self.template = template
        self._grow = grow
        self._start_seconds = start_seconds
        self._clock = clock
        self._numbers = 0
        self._retried: set[str] = set()
        self._begun = False

    async def act(self, client: AsyncClient, snapshot: Snapshot) -> None:
        for instance in self.joining(snapshot, datetime.now(UTC)):
            await _create(client, instance.node)
            self.starting.remove(instance)

    def joining(self, snapshot: Snapshot, now: datetime) -> list[StartingNode]:
        """Replace what is missing, grow for pods that wait, and return the nodes whose start time has passed."""
        self._fill(snapshot)
        if self._grow(snapshot):
            self._grow_for_pods(snapshot, now)
        return [instance for instance in self.starting if instance.ready_at <= self._clock()]

    def add(self, pool: str, zone: str | None = None) -> str:
        """One node more than now, above the maximum too, as EKS adds it for an update; the new node's name.

        It joins after its start time.
        """
        self.sizes[pool] += 1
        return self._start(self.pools[pool], zone or self.pools[pool].spec.zones[0])

    async def remove(self, client: AsyncClient, node: str) -> None:
        """The autoscaler or an update removes a node: its group is smaller by one. Drain it first."""
        found = await client.get(Node, node)
        self.sizes[_pool_of(found)] -= 1
        await client.delete(Node, node)

    async def lose(self, client: AsyncClient, node: str) -> None:
        """The instance is gone, as after a spot reclaim or a failure; its group replaces it.

        The cloud controller deletes such a Node, and the controller manager's garbage collector then deletes its pods.
        """
        await client.delete(Node, node)

    def _fill(self, snapshot: Snapshot) -> None:
        """Start the nodes that a group lacks. The first nodes are there before the cluster is used."""
        for name, pool in self.pools.items():
            present = self._by_zone(pool, snapshot)
            while sum(present.values()) < self.sizes[name]:
                zone = emptiest_zone(self._zones(pool), present)
                if zone is None:
                    break
                self._start(pool, zone, at_once=not self._begun)
                present[zone] += 1
        self._begun = True

    def _grow_for_pods(self, snapshot: Snapshot, now: datetime) -> None:
        candidates = []
        for name, pool in self.pools.items():
            zone = emptiest_zone(self._zones(pool), self._by_zone(pool, snapshot))
            if zone is not None:
                candidates.append(
                    Candidate(
                        pool=pool,
                        zone=zone,
                        room=pool.spec.max_size - self.sizes[name],
                        next_node=self.template.node(pool, zone, self._numbers),
                    )
                )
        for growth in growths(
            snapshot,
            candidates=candidates,
            starting=[instance.node for instance in self.starting],
            retried=self._retried,
            now=now,
        ):
            if growth.retried:
                self._retried.add(growth.uid)
            self.sizes[growth.pool.name] += 1
            self._start(growth.pool, growth.zone)
            logger.info(
                "%s grows to %d for %s", growth.pool.name, self.sizes[growth.pool.name], growth.pod
            )

    def _zones(self, pool: NodePool) -> tuple[str, ...]:
        return tuple(
            zone for zone in pool.spec.zones if (pool.name, zone) not in self.without_capacity
        )

    def _by_zone(self, pool: NodePool, snapshot: Snapshot) -> Counter[str]:
        """How many nodes of the group each zone has or will have."""
        running = (
            (meta(node).labels or {}).get(ZONE_LABEL, "")
            for node in snapshot.nodes
            if _pool_of(node) == pool.name and not meta(node).deletionTimestamp
        )
        coming = (instance.zone for instance in self.starting if instance.pool is pool)
        return Counter([*running, *coming])

    def _start(self, pool: NodePool, zone: str, *, at_once: bool = False) -> str:
        node = self.template.node(pool, zone, self._numbers)
        self._numbers += 1
        seconds = 0 if at_once else self._start_seconds[pool.spec.capacity_type]
        self.starting.append(
            StartingNode(pool=pool, zone=zone, node=node, ready_at=self._clock() + seconds)
        )
        return name_of(node)


async def _create(client: AsyncClient, node: Node) -> None:
    try:
        await client.create(node)
    except ApiError as error:
        if error.status.code != 409:  # it joined before, and the answer was lost
            raise


def _pool_of(node: Node) -> str:
    labels: Mapping[str, str] = meta(node).labels or {}
    return labels.get(NODE_POOL_LABEL, "")
