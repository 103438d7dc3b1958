"""What the cluster holds, read once for each round of the stand-ins."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, TypeVar

from lightkube import AsyncClient
from lightkube.core.resource import GlobalResource, NamespacedResource
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.apps_v1 import DaemonSet
from lightkube.resources.core_v1 import (
    ConfigMap,
    Node,
    PersistentVolume,
    PersistentVolumeClaim,
    Pod,
    Secret,
    Service,
    ServiceAccount,
)
from lightkube.resources.networking_v1 import Ingress
from lightkube.resources.storage_v1 import StorageClass


class Described(Protocol):
    """An object with metadata, which the API server always sends."""

    @property
    def metadata(self) -> ObjectMeta | None: ...


T = TypeVar("T", bound=Described)
Namespaced = TypeVar("Namespaced", bound=NamespacedResource)
Global = TypeVar("Global", bound=GlobalResource)


def meta(item: Described) -> ObjectMeta:
    assert item.metadata is not None
    return item.metadata


def name_of(item: Described) -> str:
    return meta(item).name or ""


def namespace_of(item: Described) -> str:
    return meta(item).namespace or ""


def full_name(item: Described) -> str:
    """As in `eval-platform/orchestrator`."""
    return f"{namespace_of(item)}/{name_of(item)}"


def annotation(item: Described, key: str) -> str | None:
    return (meta(item).annotations or {}).get(key)


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """The objects that the stand-ins decide by, as of one moment."""

    nodes: tuple[Node, ...] = ()
    pods: tuple[Pod, ...] = ()
    daemon_sets: tuple[DaemonSet, ...] = ()
    claims: tuple[PersistentVolumeClaim, ...] = ()
    volumes: tuple[PersistentVolume, ...] = ()
    storage_classes: tuple[StorageClass, ...] = ()
    config_maps: tuple[ConfigMap, ...] = ()
    secrets: tuple[Secret, ...] = ()
    service_accounts: tuple[ServiceAccount, ...] = ()
    services: tuple[Service, ...] = ()
    ingresses: tuple[Ingress, ...] = ()

    @cached_property
    def node_by_name(self) -> Mapping[str, Node]:
        return {name_of(node): node for node in self.nodes}

    @cached_property
    def volume_by_name(self) -> Mapping[str, PersistentVolume]:
        return {name_of(volume): volume for volume in self.volumes}

    @cached_property
    def class_by_name(self) -> Mapping[str, StorageClass]:
        return {name_of(class_): class_ for class_ in self.storage_classes}

    @cached_property
    def claim_by_name(self) -> Mapping[str, PersistentVolumeClaim]:
        return _by_full_name(self.claims)

    @cached_property
    def config_map_by_name(self) -> Mapping[str, ConfigMap]:
        return _by_full_name(self.config_maps)

    @cached_property
    def secret_by_name(self) -> Mapping[str, Secret]:
        return _by_full_name(self.secrets)

    @cached_property
    def service_account_by_name(self) -> Mapping[str, ServiceAccount]:
        return _by_full_name(self.service_accounts)

    @cached_property
    def service_by_name(self) -> Mapping[str, Service]:
        return _by_full_name(self.services)

    def volumes_of(self, pod: Pod) -> tuple[PersistentVolume, ...]:
        """The bound volumes of the pod's claims."""
        assert pod.spec is not None
        claims = (
            self.claim_by_name.get(f"{namespace_of(pod)}/{volume.persistentVolumeClaim.claimName}")
            for volume in pod.spec.volumes or ()
            if volume.persistentVolumeClaim
        )
        names = (claim.spec.volumeName for claim in claims if claim and claim.spec)
        return tuple(
            self.volume_by_name[name] for name in names if name and name in self.volume_by_name
        )


@dataclass
class Latest:
    """What the stand-ins read in their last round, for those who need no newer state; at first nothing."""

    snapshot: Snapshot = Snapshot()


async def read(client: AsyncClient) -> Snapshot:
    """All objects of every namespace, each kind in one request."""

    async def every(kind: type[Namespaced]) -> tuple[Namespaced, ...]:
        return tuple([item async for item in client.list(kind, namespace="*")])

    async def every_global(kind: type[Global]) -> tuple[Global, ...]:
        return tuple([item async for item in client.list(kind)])

    (
        (nodes, volumes, storage_classes),
        (pods, daemon_sets, claims, config_maps),
        (secrets, service_accounts, services, ingresses),
    ) = await asyncio.gather(
        asyncio.gather(
            every_global(Node), every_global(PersistentVolume), every_global(StorageClass)
        ),
        asyncio.gather(
            every(Pod), every(DaemonSet), every(PersistentVolumeClaim), every(ConfigMap)
        ),
        asyncio.gather(every(Secret), every(ServiceAccount), every(Service), every(Ingress)),
    )
    return Snapshot(
        nodes=nodes,
        pods=pods,
        daemon_sets=daemon_sets,
        claims=claims,
        volumes=volumes,
        storage_classes=storage_classes,
        config_maps=config_maps,
        secrets=secrets,
        service_accounts=service_accounts,
        services=services,
        ingresses=ingresses,
    )


def _by_full_name(items: Iterable[T]) -> dict[str, T]:
    return {full_name(item): item for item in items}
