"""Claims get volumes in the zone of their node, grow, and leave none behind."""

from lightkube.resources.core_v1 import PersistentVolume, PersistentVolumeClaim
from lightkube.resources.storage_v1 import StorageClass

from evalctl.rehearsal.cluster.scheduling import in_reach
from evalctl.rehearsal.cluster.state import Snapshot, meta, name_of
from evalctl.rehearsal.cluster.volumes import growing, missing_volumes, released
from tests.evalctl.rehearsal.cluster.objects import ZONES, node, of

NODE = node(zone=ZONES[1])
CLASS = of(
    StorageClass,
    {
        "metadata": {"name": "gp3"},
        "provisioner": "ebs.csi.aws.com",
        "reclaimPolicy": "Delete",
        "allowVolumeExpansion": True,
    },
)


def claim(
    *, node_name: str | None = name_of(NODE), volume: str | None = None, size: str = "10Gi"
) -> PersistentVolumeClaim:
    annotations = {"volume.kubernetes.io/selected-node": node_name} if node_name else {}
    document = {
        "metadata": {
            "name": "data",
            "namespace": "apps",
            "uid": "u1",
            "annotations": annotations,
        },
        "spec": {
            "storageClassName": "gp3",
            "accessModes": ["ReadWriteOnce"],
            "volumeName": volume,
            "resources": {"requests": {"storage": size}},
        },
        "status": {"phase": "Bound" if volume else "Pending", "capacity": {"storage": "10Gi"}},
    }
    return of(PersistentVolumeClaim, document)


def snapshot(
    *claims: PersistentVolumeClaim,
    volumes: tuple[PersistentVolume, ...] = (),
    class_: StorageClass = CLASS,
) -> Snapshot:
    return Snapshot(claims=claims, volumes=volumes, nodes=(NODE,), storage_classes=(class_,))


def test_a_claim_with_a_node_gets_a_volume_that_only_its_zone_reaches() -> None:
    (volume,) = missing_volumes(snapshot(claim()))
    assert volume.spec is not None
    assert volume.spec.capacity == {"storage": "10Gi"}
    assert volume.spec.claimRef is not None
    assert volume.spec.claimRef.uid == "u1"
    assert in_reach(volume, meta(NODE).labels or {})
    assert not in_reach(volume, meta(node(zone=ZONES[0])).labels or {})


def test_a_claim_gets_no_volume_before_its_node_or_a_second_one() -> None:
    assert list(missing_volumes(snapshot(claim(node_name=None)))) == []
    assert list(missing_volumes(snapshot(claim(node_name="absent")))) == []
    assert list(missing_volumes(snapshot(claim(volume="pvc-u1")))) == []
    (volume,) = missing_volumes(snapshot(claim()))
    assert list(missing_volumes(snapshot(claim(), volumes=(volume,)))) == []


def test_another_drivers_claims_are_left_alone() -> None:
    other = of(StorageClass, {"metadata": {"name": "gp3"}, "provisioner": "efs.csi.aws.com"})
    assert list(missing_volumes(snapshot(claim(), class_=other))) == []


def test_a_claim_grows_where_its_class_allows_it() -> None:
    (growth,) = growing(snapshot(claim(volume="pvc-u1", size="20Gi")))
    assert (growth.volume, growth.size) == ("pvc-u1", "20Gi")
    assert list(growing(snapshot(claim(volume="pvc-u1", size="10240Mi")))) == []
    fixed = of(StorageClass, {**CLASS.to_dict(), "allowVolumeExpansion": False})
    assert list(growing(snapshot(claim(volume="pvc-u1", size="20Gi"), class_=fixed))) == []


def test_a_volume_goes_with_its_claim_unless_its_class_keeps_it() -> None:
    (volume,) = missing_volumes(snapshot(claim()))

    def left(policy: str, phase: str = "Released") -> PersistentVolume:
        document = volume.to_dict()
        document["spec"]["persistentVolumeReclaimPolicy"] = policy
        return of(PersistentVolume, {**document, "status": {"phase": phase}})

    def gone(found: PersistentVolume, *claims: PersistentVolumeClaim) -> int:
        return len(list(released(snapshot(*claims, volumes=(found,)))))

    assert gone(left("Delete")) == 1
    assert gone(left("Retain")) == 0
    assert gone(left("Delete", "Bound"), claim(volume="pvc-u1")) == 0
