"""The node groups by the pool that each one is: its name, its labels and whether it has a taint."""

from collections.abc import Mapping
from dataclasses import dataclass

from environments.names import (
    GENERAL_NODES,
    GENERAL_POOL,
    NODE_POOL_LABEL,
    WORKER_NODES,
    WORKER_POOL,
)
from environments.spec import CapacityType, Cluster, NodeGroup

# From the group's growth to a ready node. An assumption: AWS publishes no figure, and users report one to two minutes.
# The autoscaler's own scan, every 10 s (kubernetes/autoscaler, FAQ.md, --scan-interval), is included.
START_SECONDS: Mapping[CapacityType, float] = {
    CapacityType.ON_DEMAND: 70,
    CapacityType.SPOT: 80,
}


@dataclass(frozen=True, kw_only=True)
class NodePool:
    """One node group, and what Kubernetes shows of it."""

    name: str  # also the construct's id of its group
    group_prefix: str  # what its node group's name begins with
    dedicated: bool  # True: its nodes have a taint that pods must tolerate
    spec: NodeGroup

    @property
    def labels(self) -> dict[str, str]:
        return {NODE_POOL_LABEL: self.name}


def node_pools(cluster: Cluster) -> tuple[NodePool, ...]:
    return (
        NodePool(
            name=GENERAL_POOL,
            group_prefix=GENERAL_NODES,
            dedicated=False,
            spec=cluster.general,
        ),
        NodePool(
            name=WORKER_POOL,
            group_prefix=WORKER_NODES,
            dedicated=True,
            spec=cluster.workers_spot,
        ),
    )
