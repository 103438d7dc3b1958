"""Which pods may wait for a node while one is lost, as `evalctl capacity` counts it."""

from lightkube.models.meta_v1 import OwnerReference
from lightkube.resources.core_v1 import PersistentVolume, PersistentVolumeClaim, Pod

from environments.names import NAMESPACE, WORKER
from evalctl.rehearsal.cluster.checks.losses import may_not_wait
from evalctl.rehearsal.cluster.node_template import EBS_ZONE_LABEL
from evalctl.rehearsal.cluster.state import Snapshot, meta
from tests.evalctl.rehearsal.cluster.objects import ZONES, node, of, pod, waiting

SPEC = "containers: [{name: main, image: i}]"
WITH_VOLUME = f"{SPEC}\nvolumes: [{{name: data, persistentVolumeClaim: {{claimName: data}}}}]"


def owned(name: str, owner: str, spec: str = SPEC) -> Pod:
    found = pod(spec, name)
    reference = OwnerReference(apiVersion="apps/v1", kind="ReplicaSet", name=owner, uid=owner)
    meta(found).ownerReferences = [reference]
    return found


def problems(without_node: list[Pod], *others: Pod, zones: tuple[str, ...] = ZONES) -> list[str]:
    snapshot = Snapshot(
        pods=(*without_node, *others),
        nodes=tuple(node(zone=zone, number=number) for number, zone in enumerate(zones)),
        claims=(claim(),),
        volumes=(volume(ZONES[0]),),
    )
    return list(may_not_wait([waiting(each) for each in without_node], snapshot))


def claim() -> PersistentVolumeClaim:
    return of(
        PersistentVolumeClaim,
        {"metadata": {"name": "data", "namespace": "apps"}, "spec": {"volumeName": "vol"}},
    )


def volume(zone: str) -> PersistentVolume:
    expression = {"key": EBS_ZONE_LABEL, "operator": "In", "values": [zone]}
    terms = {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}
    return of(
        PersistentVolume,
        {"metadata": {"name": "vol"}, "spec": {"nodeAffinity": {"required": terms}}},
    )


def test_one_of_several_equal_pods_may_wait() -> None:
    assert problems([owned("a", "api")], owned("b", "api"), owned("c", "api")) == []


def test_two_of_several_equal_pods_may_not_wait() -> None:
    found = problems([owned("a", "api"), owned("b", "api")], owned("c", "api"))
    assert found == [
        f"apps/{name} may not wait for a node: 2 of 3 equal pods wait" for name in ("a", "b")
    ]


def test_the_only_pod_may_not_wait() -> None:
    assert problems([owned("a", "grafana")], owned("b", "api")) == [
        "apps/a may not wait for a node: 1 of 1 equal pods wait"
    ]


def test_a_pod_whose_volume_is_in_a_zone_without_a_node_may_wait() -> None:
    only = owned("a", "prometheus", WITH_VOLUME)
    assert problems([only], zones=ZONES[1:]) == []
    assert problems([only], zones=ZONES) != []


def test_all_workers_may_wait() -> None:
    workers = [owned(name, "worker") for name in "abc"]
    for each in workers:
        meta(each).namespace = NAMESPACE
        meta(each).labels = {"app.kubernetes.io/name": WORKER.name}
    assert problems(workers) == []
