"""Makes, grows and deletes the volumes of claims, as the EBS driver does it."""

import asyncio
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from lightkube import AsyncClient
from lightkube.models.core_v1 import (
    CSIPersistentVolumeSource,
    NodeSelector,
    NodeSelectorRequirement,
    NodeSelectorTerm,
    ObjectReference,
    PersistentVolumeSpec,
    VolumeNodeAffinity,
)
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import PersistentVolume, PersistentVolumeClaim
from lightkube.utils.quantity import parse_quantity

from evalctl.rehearsal.cluster.node_template import EBS_ZONE_LABEL
from evalctl.rehearsal.cluster.state import (
    Snapshot,
    annotation,
    full_name,
    meta,
    name_of,
    namespace_of,
)

DRIVER = "ebs.csi.aws.com"
# The scheduler names the node for which a claim's volume is made.
SELECTED_NODE = "volume.kubernetes.io/selected-node"


@dataclass(frozen=True, kw_only=True)
class Growth:
    """A claim that requests more than its volume has."""

    claim: PersistentVolumeClaim
    volume: str
    size: str


async def act(client: AsyncClient, snapshot: Snapshot) -> None:
    await asyncio.gather(
        *(client.create(volume) for volume in missing_volumes(snapshot)),
        *(_grow(client, growth) for growth in growing(snapshot)),
        *(client.delete(PersistentVolume, name_of(volume)) for volume in released(snapshot)),
    )


def missing_volumes(snapshot: Snapshot) -> Iterator[PersistentVolume]:
    """A volume for each claim that has a node, in the node's zone."""
    for claim in snapshot.claims:
        node = snapshot.node_by_name.get(annotation(claim, SELECTED_NODE) or "")
        class_ = snapshot.class_by_name.get(
            (claim.spec.storageClassName if claim.spec else None) or ""
        )
        name = f"pvc-{meta(claim).uid}"
        if (
            node is None
            or class_ is None
            or claim.spec is None
            or claim.spec.volumeName
            or class_.provisioner != DRIVER
            or name in snapshot.volume_by_name
            or meta(claim).deletionTimestamp
        ):
            continue
        yield PersistentVolume(
            metadata=ObjectMeta(name=name, annotations={"pv.kubernetes.io/provisioned-by": DRIVER}),
            spec=PersistentVolumeSpec(
                accessModes=claim.spec.accessModes,
                capacity={"storage": _requested(claim)},
                claimRef=ObjectReference(
                    apiVersion="v1",
                    kind="PersistentVolumeClaim",
                    name=name_of(claim),
                    namespace=namespace_of(claim),
                    uid=meta(claim).uid,
                ),
                csi=CSIPersistentVolumeSource(
                    driver=DRIVER,
                    fsType="ext4",
                    volumeHandle=f"vol-{hashlib.sha256(name.encode()).hexdigest()[:17]}",
                ),
                nodeAffinity=_only_in((meta(node).labels or {})[EBS_ZONE_LABEL]),
                persistentVolumeReclaimPolicy=class_.reclaimPolicy or "Delete",
                storageClassName=name_of(class_),
                volumeMode=claim.spec.volumeMode,
            ),
        )


def growing(snapshot: Snapshot) -> Iterator[Growth]:
    """The claims whose volumes must grow; their class allows it."""
    for claim in snapshot.claims:
        if claim.spec is None or claim.status is None or claim.status.phase != "Bound":
            continue
        class_ = snapshot.class_by_name.get(claim.spec.storageClassName or "")
        has = (claim.status.capacity or {}).get("storage", "0")
        wanted = _requested(claim)
        if class_ and class_.allowVolumeExpansion and _bytes(wanted) > _bytes(has):
            yield Growth(claim=claim, volume=claim.spec.volumeName or "", size=wanted)


def released(snapshot: Snapshot) -> Iterator[PersistentVolume]:
    """The volumes whose claims are gone, where the class does not keep them."""
    uids = {meta(claim).uid for claim in snapshot.claims}
    for volume in snapshot.volumes:
        spec = volume.spec
        if (
            spec is not None
            and spec.csi is not None
            and spec.csi.driver == DRIVER
            and spec.claimRef is not None
            and spec.claimRef.uid not in uids
            and spec.persistentVolumeReclaimPolicy == "Delete"
            and volume.status is not None
            and volume.status.phase == "Released"
            and not meta(volume).deletionTimestamp
        ):
            yield volume


async def _grow(client: AsyncClient, growth: Growth) -> None:
    capacity = {"capacity": {"storage": growth.size}}
    await client.patch(PersistentVolume, growth.volume, {"spec": capacity})
    await client.patch(
        PersistentVolumeClaim.Status,
        name_of(growth.claim),
        {"status": capacity},
        namespace=namespace_of(growth.claim),
    )


def _only_in(zone: str) -> VolumeNodeAffinity:
    return VolumeNodeAffinity(
        required=NodeSelector(
            nodeSelectorTerms=[
                NodeSelectorTerm(
                    matchExpressions=[
                        NodeSelectorRequirement(key=EBS_ZONE_LABEL, operator="In", values=[zone])
                    ]
                )
            ]
        )
    )


def _requested(claim: PersistentVolumeClaim) -> str:
    resources = claim.spec.resources if claim.spec else None
    requests = (resources.requests if resources else None) or {}
    assert "storage" in requests, f"{full_name(claim)} requests no storage"
    return str(requests["storage"])


def _bytes(quantity: str) -> int:
    return int(parse_quantity(quantity) or 0)
