"""What a kubelet refuses of a pod that has a node, and the words that it uses."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from lightkube.models.core_v1 import Container, Probe, Volume
from lightkube.resources.core_v1 import ConfigMap, Pod, Secret

from evalctl.rehearsal.cluster.images import Registry
from evalctl.rehearsal.cluster.references import Reference, containers, of_container, of_volume
from evalctl.rehearsal.cluster.scheduling import in_reach
from evalctl.rehearsal.cluster.state import Snapshot, full_name, meta, name_of, namespace_of

# Ports of programs' probes that their charts do not declare as container ports, and why.
UNDECLARED_PORTS = {
    # The load balancer controller's default; its chart names it in the probes only.
    "aws-load-balancer-controller": 61779,
}


class Effect(StrEnum):
    """What the refusal does to the pod."""

    NO_VOLUMES = "ContainerCreating"  # no container starts
    NO_CONFIGURATION = "CreateContainerConfigError"  # this container does not start
    NO_IMAGE = "ErrImagePull"  # this container does not start
    NOT_READY = "NotReady"  # the container runs, and its probe fails
    # The pod is ready. A Service that it stands behind, or calls, has no such port, which no kubelet notices.
    NOT_SERVED = "NotServed"


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """One reason why a pod does not do its work."""

    pod: str  # as in `eval-platform/worker-1`
    object: str  # as in `Secret eval-platform/redis`
    reason: str  # in a kubelet's words
    effect: Effect
    container: str | None = None  # None: all of them

    def __str__(self) -> str:
        return f"{self.pod}: {self.object}: {self.reason}"


def refusals(pod: Pod, snapshot: Snapshot, registry: Registry) -> Iterator[Refusal]:
    """Everything that is wrong with a pod on its node."""
    assert pod.spec is not None
    yield from _service_account(pod, snapshot)
    for volume in pod.spec.volumes or ():
        yield from _volume(pod, volume, snapshot)
    yield from _zones(pod, snapshot)
    for container in containers(pod):
        if problem := registry.problem(container.image or ""):
            yield Refusal(
                pod=full_name(pod),
                object=f"image {container.image}",
                reason=f'failed to pull and unpack image "{container.image}": {problem}',
                effect=Effect.NO_IMAGE,
                container=container.name,
            )
        yield from _environment(pod, container, snapshot)
        yield from _probes(pod, container)
        yield from _called(pod, container, snapshot)
    yield from _services(pod, snapshot)


def _service_account(pod: Pod, snapshot: Snapshot) -> Iterator[Refusal]:
    """The API server refuses such a pod; the account can be deleted afterwards."""
    assert pod.spec is not None
    account = pod.spec.serviceAccountName or "default"
    name = f"{namespace_of(pod)}/{account}"
    if name not in snapshot.service_account_by_name:
        yield Refusal(
            pod=full_name(pod),
            object=f"ServiceAccount {name}",
            reason=f'failed to fetch token: serviceaccounts "{account}" not found',
            effect=Effect.NO_VOLUMES,
        )


# Configuration


def _problem(reference: Reference, namespace: str, snapshot: Snapshot, missing: str) -> str | None:
    """What is wrong with what a reference names; `missing` has the words for a key."""
    if reference.optional:
        return None
    found = _keys(reference.kind, f"{namespace}/{reference.name}", snapshot)
    if found is None:
        return f'{reference.kind.lower()} "{reference.name}" not found'
    for key in reference.keys:
        if key not in found:
            return missing.format(
                key=key, kind=reference.kind, namespace=namespace, name=reference.name
            )
    return None


def _keys(kind: str, name: str, snapshot: Snapshot) -> set[str] | None:
    item: ConfigMap | Secret | None
    if kind == "ConfigMap":
        item = snapshot.config_map_by_name.get(name)
        return {*(item.data or ()), *(item.binaryData or ())} if item else None
    item = snapshot.secret_by_name.get(name)
    return set(item.data or ()) if item else None


def _environment(pod: Pod, container: Container, snapshot: Snapshot) -> Iterator[Refusal]:
    for reference in of_container(container):
        problem = _problem(
            reference,
            namespace_of(pod),
            snapshot,
            "couldn't find key {key} in {kind} {namespace}/{name}",
        )
        if problem:
            yield Refusal(
                pod=full_name(pod),
                object=f"{reference.kind} {namespace_of(pod)}/{reference.name}",
                reason=problem,
                effect=Effect.NO_CONFIGURATION,
                container=container.name,
            )


def _volume(pod: Pod, volume: Volume, snapshot: Snapshot) -> Iterator[Refusal]:
    for reference in of_volume(volume):
        problem = _problem(
            reference,
            namespace_of(pod),
            snapshot,
            "references non-existent "
            + ("config" if reference.kind == "ConfigMap" else "secret")
            + " key: {key}",
        )
        if problem:
            yield Refusal(
                pod=full_name(pod),
                object=f"{reference.kind} {namespace_of(pod)}/{reference.name}",
                reason=f'MountVolume.SetUp failed for volume "{volume.name}" : {problem}',
                effect=Effect.NO_VOLUMES,
            )


def _zones(pod: Pod, snapshot: Snapshot) -> Iterator[Refusal]:
    assert pod.spec is not None
    node = snapshot.node_by_name.get(pod.spec.nodeName or "")
    for volume in snapshot.volumes_of(pod):
        if node is not None and not in_reach(volume, meta(node).labels or {}):
            yield Refusal(
                pod=full_name(pod),
                object=f"PersistentVolume {name_of(volume)}",
                reason=f'MountVolume.NodeAffinity check failed for volume "{name_of(volume)}" : '
                "no matching NodeSelectorTerms",
                effect=Effect.NO_VOLUMES,
            )


# Ports


def _probes(pod: Pod, container: Container) -> Iterator[Refusal]:
    for kind, probe in (
        ("Startup", container.startupProbe),
        ("Readiness", container.readinessProbe),
        ("Liveness", container.livenessProbe),
    ):
        port = _port(probe)
        if port is None or _has_port(pod, container, port):
            continue
        yield Refusal(
            pod=full_name(pod),
            object=f"{kind.lower()} probe of container {container.name}",
            reason=f"{kind} probe failed: no container has the port {port}",
            effect=Effect.NOT_READY,
            container=container.name,
        )


def _port(probe: Probe | None) -> int | str | None:
    if probe is None:
        return None
    handler = probe.httpGet or probe.tcpSocket or probe.grpc
    return handler.port if handler else None


def _has_port(pod: Pod, container: Container, port: int | str) -> bool:
    """By name of the probe's own container; by number of any, as they share the pod's address.

    A pod need not declare its ports: without any, every number may be right.
    """
    if isinstance(port, str):
        return any(own.name == port for own in container.ports or ())
    declared = {own.containerPort for other in containers(pod) for own in other.ports or ()}
    return not declared or port in declared or UNDECLARED_PORTS.get(container.name) == port


# The address of a Service in the cluster: the scheme, the Service, its namespace and the port.
_ADDRESS = re.compile(r"(https?)://([a-z0-9-]+)\.([a-z0-9-]+)\.svc(?:\.cluster\.local)?(?::(\d+))?")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def _called(pod: Pod, container: Container, snapshot: Snapshot) -> Iterator[Refusal]:
    """The addresses of Services in a container's arguments and variables."""
    texts = [*(container.command or ()), *(container.args or ())]
    texts += [variable.value or "" for variable in container.env or ()]
    for scheme, name, namespace, port in _ADDRESS.findall("\n".join(texts)):
        number = int(port or _DEFAULT_PORTS[scheme])
        service = snapshot.service_by_name.get(f"{namespace}/{name}")
        ports = (service and service.spec and service.spec.ports) or ()
        if all(each.port != number for each in ports):
            yield Refusal(
                pod=full_name(pod),
                object=f"Service {namespace}/{name}",
                reason=f"the container {container.name} calls its port {number}, which it does not have",
                effect=Effect.NOT_SERVED,
                container=container.name,
            )


def _services(pod: Pod, snapshot: Snapshot) -> Iterator[Refusal]:
    labels = meta(pod).labels or {}
    declared = [own for container in containers(pod) for own in container.ports or ()]
    for service in snapshot.services:
        spec = service.spec
        if (
            spec is None
            or not spec.selector
            or namespace_of(service) != namespace_of(pod)
            or any(labels.get(key) != value for key, value in spec.selector.items())
        ):
            continue
        for port in spec.ports or ():
            target = port.targetPort or port.port
            if isinstance(target, str):
                served = any(own.name == target for own in declared)
            else:
                served = not declared or any(own.containerPort == target for own in declared)
            if not served:
                yield Refusal(
                    pod=full_name(pod),
                    object=f"Service {full_name(service)}",
                    reason=f"no container has the port {target}, the target of port {port.port}",
                    effect=Effect.NOT_SERVED,
                )
