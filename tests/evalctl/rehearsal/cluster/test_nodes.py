"""Nodes look as EKS registers them, and each group keeps its size."""

from datetime import timedelta

import pytest
from lightkube.models.core_v1 import Container, PodSpec, ResourceRequirements
from lightkube.resources.core_v1 import Node

from environments.capacity import DAEMONS, node_room, smallest_type, workers_on_a_node
from environments.catalog import INSTANCE_TYPES
from environments.names import NODE_POOL_LABEL, WORKER_POOL, App, Names, Stack
from environments.node_pools import START_SECONDS, node_pools
from environments.registry import ENVIRONMENTS
from evalctl.rehearsal.cluster.node_groups import NodeGroups
from evalctl.rehearsal.cluster.node_template import NodeTemplate
from evalctl.rehearsal.cluster.scheduling import place
from evalctl.rehearsal.cluster.state import Snapshot, meta, name_of
from tests.evalctl.rehearsal.cluster.objects import CREATED, GENERAL, TEMPLATE, WORKERS, ZONES, pod
from tests.evalctl.rehearsal.cluster.objects import waiting as unschedulable
from tests.support.manifests import Manifest, one
from tests.support.terraform import Terraform


class Clock:
    """Seconds that a test moves on."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Cluster:
    """Node groups, with the nodes that joined so far."""

    def __init__(self, *, grow: bool = True) -> None:
        self.clock = Clock()
        self.groups = NodeGroups(TEMPLATE, grow=lambda _: grow, clock=self.clock)
        self.nodes: list[Node] = []

    def pass_time(self, seconds: float, *waiting: str) -> None:
        """One round after that time, in which pods wait that need a core of a general node."""
        self.clock.now += seconds
        size = "{containers: [{name: a, resources: {requests: {cpu: 1900m}}}]}"
        snapshot = Snapshot(
            nodes=tuple(self.nodes),
            pods=tuple(unschedulable(pod(size, name)) for name in waiting),
        )
        now = CREATED + timedelta(seconds=self.clock.now)
        for instance in self.groups.joining(snapshot, now):
            node = instance.node
            assert node.status is not None
            node.status.allocatable = {}  # full
            self.nodes.append(node)
            self.groups.starting.remove(instance)

    def zones(self, pool: str) -> list[str]:
        return sorted(
            labels["topology.kubernetes.io/zone"]
            for labels in (meta(node).labels or {} for node in self.nodes)
            if labels[NODE_POOL_LABEL] == pool
        )


@pytest.fixture
def cluster() -> Cluster:
    cluster = Cluster()
    cluster.pass_time(0)
    return cluster


GENERAL_START = START_SECONDS[GENERAL.spec.capacity_type]


def test_desired_nodes_are_there_at_once_and_spread_over_zones(cluster: Cluster) -> None:
    assert cluster.zones("general") == list(ZONES[:2])
    assert cluster.zones("workers-spot") == list(ZONES[:2])


def test_a_group_grows_after_its_start_time_and_to_its_maximum(cluster: Cluster) -> None:
    cluster.pass_time(1, "a", "b", "c")
    cluster.pass_time(GENERAL_START - 1, "a", "b", "c")
    assert len(cluster.zones("general")) == 2
    cluster.pass_time(1, "a", "b", "c")
    assert cluster.zones("general") == list(ZONES)
    cluster.pass_time(500, "a", "b", "c")
    assert cluster.groups.sizes["general"] == GENERAL.spec.max_size == 3


def test_nothing_grows_while_no_autoscaler_runs() -> None:
    cluster = Cluster(grow=False)
    cluster.pass_time(0)
    cluster.pass_time(1, "a")
    cluster.pass_time(500, "a")
    assert len(cluster.zones("general")) == 2


def test_a_lost_node_is_replaced_in_its_zone(cluster: Cluster) -> None:
    lost = cluster.nodes.pop(0)
    cluster.pass_time(1)
    assert len(cluster.nodes) == 3
    cluster.pass_time(GENERAL_START)
    assert cluster.zones("general") == list(ZONES[:2])
    assert name_of(lost) not in {name_of(node) for node in cluster.nodes}


def test_no_node_starts_in_a_zone_without_capacity(cluster: Cluster) -> None:
    cluster.groups.without_capacity.add(("general", ZONES[0]))
    cluster.nodes.pop(0)
    cluster.pass_time(1)
    cluster.pass_time(GENERAL_START)
    assert cluster.zones("general") == [ZONES[1], ZONES[2]]


def test_an_update_adds_a_node_above_the_maximum(cluster: Cluster) -> None:
    names = {cluster.groups.add("general", zone) for zone in ZONES}
    cluster.pass_time(GENERAL_START)
    assert len(cluster.zones("general")) == 5
    assert names <= {name_of(node) for node in cluster.nodes}


def test_a_node_has_the_room_that_the_rules_count() -> None:
    status = TEMPLATE.node(GENERAL, ZONES[0], 0).status
    assert status is not None
    room = node_room(INSTANCE_TYPES["t3.large"])
    assert status.allocatable == {
        "cpu": f"{room.cpu}m",
        "memory": f"{room.memory}Mi",
        "pods": "35",
        "ephemeral-storage": "43Gi",
    }
    assert status.allocatable["cpu"] == "1930m"


def test_a_spot_group_takes_its_types_in_turn() -> None:
    types = [
        (meta(TEMPLATE.node(WORKERS, ZONES[0], number)).labels or {})[
            "node.kubernetes.io/instance-type"
        ]
        for number in range(6)
    ]
    assert types == [*WORKERS.spec.instance_types, WORKERS.spec.instance_types[0]]


@pytest.mark.parametrize("name", [env.name for env in ENVIRONMENTS])
def test_labels_and_taints_are_those_of_the_rendered_groups(
    name: str, names: dict[str, Names], terraform: dict[str, dict[Stack, Terraform]]
) -> None:
    groups = terraform[name][Stack.CLUSTER].resources("aws_eks_node_group").values()
    template = NodeTemplate(names=names[name])
    pools = node_pools(names[name].env.cluster)
    assert len(groups) == len(pools)
    for group, pool in zip(groups, pools, strict=True):
        node = template.node(pool, pool.spec.zones[0], 0)
        assert node.spec is not None
        labels = meta(node).labels or {}
        assert group["labels"].items() <= labels.items()
        assert labels["eks.amazonaws.com/nodegroup"].startswith(group["node_group_name_prefix"])
        assert labels["eks.amazonaws.com/capacityType"] == group["capacity_type"]
        rendered = [(taint["key"], taint["value"]) for taint in group.get("taint", [])]
        assert [(taint.key, taint.value) for taint in node.spec.taints or []] == rendered
        assert (node.spec.providerID or "").startswith(f"aws:///{pool.spec.zones[0]}/i-")
        assert node.status is not None
        assert node.status.nodeInfo is not None
        kubelet = node.status.nodeInfo.kubeletVersion
        assert group["release_version"].startswith(f"{kubelet.removeprefix('v')}-")


@pytest.mark.parametrize("name", [env.name for env in ENVIRONMENTS])
def test_a_node_takes_as_many_of_the_rendered_workers_as_the_rules_count(
    name: str, names: dict[str, Names], manifests: dict[str, dict[App, list[Manifest]]]
) -> None:
    env = names[name].env
    pool = next(pool for pool in node_pools(env.cluster) if pool.name == WORKER_POOL)
    template = one(manifests[name][App.WORKER], "Deployment")["spec"]["template"]["spec"]
    worker = PodSpec.from_dict(template)
    assert isinstance(worker, PodSpec)
    requests = {"cpu": f"{DAEMONS.cpu}m", "memory": f"{DAEMONS.memory}Mi"}
    daemons = PodSpec([Container("daemons", resources=ResourceRequirements(requests=requests))])
    free = place(NodeTemplate(names=names[name]).node(pool, pool.spec.zones[0], 0)).without(daemons)
    count = 0
    while free.takes(worker):
        free, count = free.without(worker), count + 1
    type_ = smallest_type(pool.spec)
    assert type_ is not None
    assert count == workers_on_a_node(type_, env.worker)
