"""The ConfigMaps and Secrets that a pod names, in variables and in volumes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from lightkube.models.core_v1 import Container, Volume
from lightkube.resources.core_v1 import Pod


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A ConfigMap or a Secret that a pod names, and the keys that it must have."""

    kind: Literal["ConfigMap", "Secret"]
    name: str
    keys: tuple[str, ...]  # none: whatever it has
    optional: bool


def of_pod(pod: Pod) -> Iterator[Reference]:
    """All of a pod, with those of its init containers."""
    assert pod.spec is not None
    for container in containers(pod):
        yield from of_container(container)
    for volume in pod.spec.volumes or ():
        yield from of_volume(volume)


def containers(pod: Pod) -> list[Container]:
    """The init containers, and the others."""
    assert pod.spec is not None
    return [*(pod.spec.initContainers or ()), *pod.spec.containers]


def of_container(container: Container) -> Iterator[Reference]:
    for source in container.envFrom or ():
        if whole := source.configMapRef:
            yield _reference("ConfigMap", whole.name, optional=whole.optional)
        if secret := source.secretRef:
            yield _reference("Secret", secret.name, optional=secret.optional)
    for variable in container.env or ():
        value = variable.valueFrom
        if value and (key := value.configMapKeyRef):
            yield _reference("ConfigMap", key.name, key.key, optional=key.optional)
        if value and (secret_key := value.secretKeyRef):
            yield _reference(
                "Secret", secret_key.name, secret_key.key, optional=secret_key.optional
            )


def of_volume(volume: Volume) -> Iterator[Reference]:
    projections = volume.projected.sources if volume.projected else None
    config_maps = [volume.configMap, *(source.configMap for source in projections or ())]
    for config_map in config_maps:
        if config_map:
            keys = (item.key for item in config_map.items or ())
            yield _reference("ConfigMap", config_map.name, *keys, optional=config_map.optional)
    if secret := volume.secret:
        keys = (item.key for item in secret.items or ())
        yield _reference("Secret", secret.secretName, *keys, optional=secret.optional)
    for source in projections or ():
        if projected := source.secret:
            keys = (item.key for item in projected.items or ())
            yield _reference("Secret", projected.name, *keys, optional=projected.optional)


def _reference(
    kind: Literal["ConfigMap", "Secret"], name: str | None, *keys: str, optional: bool | None
) -> Reference:
    return Reference(kind=kind, name=name or "", keys=keys, optional=bool(optional))
