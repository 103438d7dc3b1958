"""Which node group grows for which pod."""

from collections.abc import Collection
from datetime import datetime, timedelta

from lightkube.models.core_v1 import Taint
from lightkube.models.meta_v1 import OwnerReference
from lightkube.resources.apps_v1 import DaemonSet
from lightkube.resources.core_v1 import Node, PersistentVolume, PersistentVolumeClaim, Pod

from evalctl.rehearsal.cluster.growth import Candidate, Growth, emptiest_zone, growths
from evalctl.rehearsal.cluster.state import Snapshot
from tests.evalctl.rehearsal.cluster.objects import (
    CREATED,
    GENERAL,
    WORKERS,
    ZONES,
    node,
    of,
    pod,
    waiting,
)

LATER = CREATED + timedelta(minutes=5)
ON_SPOT = "tolerations: [{operator: Exists}], nodeSelector: {eval-platform.io/pool: workers-spot}"


def needs(cpu: str, name: str = "one", extra: str = "") -> Pod:
    return waiting(
        pod(
            f"{{containers: [{{name: a, resources: {{requests: {{cpu: {cpu}}}}}}}], {extra}}}", name
        )
    )


def grown(
    *pods: Pod,
    room: int = 1,
    zone: str = ZONES[0],
    nodes: tuple[Node, ...] = (),
    starting: tuple[Node, ...] = (),
    daemon_sets: tuple[DaemonSet, ...] = (),
    claims: tuple[PersistentVolumeClaim, ...] = (),
    volumes: tuple[PersistentVolume, ...] = (),
    retried: Collection[str] = (),
    now: datetime = LATER,
) -> list[Growth]:
    candidates = [
        Candidate(
            pool=pool, zone=zone, room=room, next_node=node(pool.name, zone, number=90 + index)
        )
        for index, pool in enumerate((GENERAL, WORKERS))
    ]
    snapshot = Snapshot(
        pods=pods, nodes=nodes, daemon_sets=daemon_sets, claims=claims, volumes=volumes
    )
    return list(
        growths(snapshot, candidates=candidates, starting=starting, retried=retried, now=now)
    )


def pools(found: list[Growth]) -> list[str]:
    return [growth.pool.name for growth in found]


def test_the_group_whose_node_takes_the_pod_grows() -> None:
    assert pools(grown(needs("1"))) == ["general"]
    assert pools(grown(needs("1", extra=ON_SPOT))) == ["workers-spot"]


def test_nothing_grows_for_a_pod_that_no_new_node_takes() -> None:
    assert grown(needs("2")) == []  # a t3.large has 1930m
    assert grown(needs("1", extra="nodeSelector: {gpu: 'true'}")) == []


def test_the_daemons_of_a_new_node_are_counted() -> None:
    daemon = of(
        DaemonSet,
        {
            "metadata": {"name": "agent", "namespace": "kube-system"},
            "spec": {
                "selector": {},
                "template": {
                    "spec": {
                        "containers": [{"name": "a", "resources": {"requests": {"cpu": "190m"}}}]
                    }
                },
            },
        },
    )
    assert pools(grown(needs("1740m"), daemon_sets=(daemon,))) == ["general"]
    assert grown(needs("1741m"), daemon_sets=(daemon,)) == []


def test_no_group_grows_beyond_its_maximum() -> None:
    assert grown(needs("1"), room=0) == []


def test_a_pod_that_is_running_or_will_evict_another_needs_no_node() -> None:
    nominated = needs("1")
    assert nominated.status is not None
    nominated.status.nominatedNodeName = "node"
    assert grown(nominated, pod("{containers: [{name: a}], nodeName: node}", "other")) == []


def test_a_node_that_starts_already_is_enough_for_the_pods_that_fit_on_it() -> None:
    both = needs("900m", "one"), needs("900m", "two")
    assert grown(*both, starting=(node(number=5),)) == []
    three = (*both, needs("900m", "three"))
    assert [growth.pod for growth in grown(*three, starting=(node(number=5),))] == ["apps/two"]


def test_pods_that_must_be_apart_need_a_node_each() -> None:
    anti = (
        "affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: "
        "[{topologyKey: kubernetes.io/hostname, labelSelector: {}}]}}"
    )
    both = needs("100m", "one", anti), needs("100m", "two", anti)
    owner = OwnerReference(apiVersion="apps/v1", kind="StatefulSet", name="s", uid="u")
    for one in both:
        assert one.metadata is not None
        one.metadata.ownerReferences = [owner]
    assert len(grown(*both, starting=(node(number=5),))) == 1


def test_a_volume_in_another_zone_than_the_next_node_does_not_grow_the_group() -> None:
    claim = of(
        PersistentVolumeClaim,
        {"metadata": {"name": "data", "namespace": "apps"}, "spec": {"volumeName": "pvc-1"}},
    )
    term = {"key": "topology.ebs.csi.aws.com/zone", "operator": "In", "values": [ZONES[1]]}
    volume = of(
        PersistentVolume,
        {
            "metadata": {"name": "pvc-1"},
            "spec": {
                "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [term]}]}}
            },
        },
    )
    mounted = needs("1", extra="volumes: [{name: d, persistentVolumeClaim: {claimName: data}}]")
    assert grown(mounted, zone=ZONES[0], claims=(claim,), volumes=(volume,)) == []
    assert len(grown(mounted, zone=ZONES[1], claims=(claim,), volumes=(volume,))) == 1


def test_a_node_that_becomes_ready_is_not_joined_by_another() -> None:
    """The scheduler has marked the pod before the node was ready."""
    new = node()
    assert new.spec is not None
    new.spec.taints = [Taint(key="node.kubernetes.io/not-ready", effect="NoSchedule")]
    assert grown(needs("1"), nodes=(new,), now=CREATED + timedelta(seconds=5)) == []


def test_a_pod_that_waits_for_more_than_room_gets_one_node_once() -> None:
    (growth,) = grown(needs("1"), nodes=(node(),))
    assert growth.retried
    assert grown(needs("1"), nodes=(node(),), retried={growth.uid}) == []


def test_the_zone_with_the_fewest_nodes_is_next() -> None:
    assert emptiest_zone(ZONES, {ZONES[0]: 1}) == ZONES[1]
    assert emptiest_zone(ZONES, {}) == ZONES[0]
    assert emptiest_zone((), {}) is None
