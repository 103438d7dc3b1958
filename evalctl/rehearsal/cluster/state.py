"""What the cluster holds, for the stand-ins and the local programs."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol, TypeVar

import httpx2
from lightkube import ApiError, AsyncClient
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
from lightkube.resources.discovery_v1 import EndpointSlice
from lightkube.resources.networking_v1 import Ingress
from lightkube.resources.storage_v1 import StorageClass

# What a call to an API server that restarts or refuses raises.
API_ERRORS = (ApiError, httpx2.HTTPError)
_OWN = frozenset({"nodes", "claims", "volumes"})  # what the stand-ins create or bind
_WHOLE_SECONDS = 30  # after which everything is read again, also without a report
_AGAIN_SECONDS = 1  # after which a watch that ended begins again


class Described(Protocol):
    """An object with metadata, which the API server always sends."""

    @property
    def metadata(self) -> ObjectMeta | None: ...


T = TypeVar("T", bound=Described)


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


def service_of(endpoints: EndpointSlice) -> str:
    """The name of the Service; empty if there is none."""
    labels: Mapping[str, str] = meta(endpoints).labels or {}
    return labels.get("kubernetes.io/service-name", "")


def ready_pods(slices: Iterable[EndpointSlice]) -> Mapping[str, frozenset[str]]:
    """The ready pods of each Service that has one, by namespace and name."""
    found: dict[str, set[str]] = defaultdict(set)
    for each in slices:
        service = service_of(each)
        for endpoint in each.endpoints or ():
            pod = endpoint.targetRef
            if service and pod and pod.name and endpoint.conditions and endpoint.conditions.ready:
                found[f"{namespace_of(each)}/{service}"].add(f"{pod.namespace}/{pod.name}")
    return {service: frozenset(pods) for service, pods in found.items()}


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
    endpoint_slices: tuple[EndpointSlice, ...] = ()
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


# The kind of each of these fields.
_KINDS: Mapping[str, type[NamespacedResource | GlobalResource]] = {
    "nodes": Node,
    "pods": Pod,
    "daemon_sets": DaemonSet,
    "claims": PersistentVolumeClaim,
    "volumes": PersistentVolume,
    "storage_classes": StorageClass,
    "config_maps": ConfigMap,
    "secrets": Secret,
    "service_accounts": ServiceAccount,
    "services": Service,
    "endpoint_slices": EndpointSlice,
    "ingresses": Ingress,
}


async def read(client: AsyncClient) -> Snapshot:
    """All objects of every namespace, each kind in one request."""
    return Snapshot(**await _objects(client, _KINDS))


async def _objects(client: AsyncClient, fields: Iterable[str]) -> dict[str, Any]:
    names = tuple(fields)
    found = await asyncio.gather(*(_all(client, _KINDS[name]) for name in names))
    return dict(zip(names, found, strict=True))


async def _all(client: AsyncClient, kind: Any) -> tuple[Any, ...]:
    return tuple([item async for item in client.list(kind, **_everywhere(kind))])


def _everywhere(kind: type) -> dict[str, Any]:
    return {"namespace": "*"} if issubclass(kind, NamespacedResource) else {}


class Cache:
    """The cluster's objects. A kind is read again when a watch has reported a change of it.

    A report can be late. So each update also reads what the stand-ins create themselves, and everything when it
    has found a new pod: a pod must find what was there before it.
    """

    def __init__(self) -> None:
        self._changed = set(_KINDS)
        self._whole_until = 0.0
        self.snapshot = Snapshot()

    async def follow(self, client: AsyncClient) -> None:
        """Watch until the task is cancelled."""
        await asyncio.gather(*(self._watch(client, name) for name in _KINDS))

    async def update(self, client: AsyncClient) -> None:
        """Read what has changed.

        Raises:
            API_ERRORS: the API server refuses or does not answer. The snapshot stays as it was.
        """
        if time.monotonic() > self._whole_until:
            self._changed.update(_KINDS)
        changed, self._changed = self._changed | _OWN, set()
        try:
            found = await _objects(client, changed)
            if _uids(found.get("pods", ())) - _uids(self.snapshot.pods):
                found |= await _objects(client, _KINDS.keys() - {"pods"})
        except BaseException:
            self._changed.update(_KINDS)
            raise
        if found.keys() == _KINDS.keys():
            self._whole_until = time.monotonic() + _WHOLE_SECONDS
        self.snapshot = replace(self.snapshot, **found)

    async def _watch(self, client: AsyncClient, name: str) -> None:
        kind: Any = _KINDS[name]
        while True:
            with suppress(Exception):  # the API server may end in the middle of a line
                async for _ in client.watch(kind, **_everywhere(kind)):
                    self._changed.add(name)
            self._changed.add(name)  # it can have changed since then
            await asyncio.sleep(_AGAIN_SECONDS)


def _uids(items: Iterable[Described]) -> set[str | None]:
    return {meta(item).uid for item in items}


def _by_full_name(items: Iterable[T]) -> dict[str, T]:
    return {full_name(item): item for item in items}
