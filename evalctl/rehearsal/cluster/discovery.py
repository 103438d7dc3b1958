"""Stands for Prometheus' discovery in Kubernetes, which Debian's build of Prometheus lacks.

It writes the targets of a role with the labels that Prometheus documents ("kubernetes_sd_config"); the
real Prometheus relabels them.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lightkube import AsyncClient
from lightkube.models.core_v1 import ContainerPort
from lightkube.resources.core_v1 import Pod, Service
from lightkube.resources.discovery_v1 import EndpointSlice

from evalctl.rehearsal.cluster.local_programs import is_ready
from evalctl.rehearsal.cluster.state import meta, name_of, namespace_of, service_of

Labels = dict[str, str]
Group = dict[str, object]  # as in file_sd_config
_META = "__meta_kubernetes"


@dataclass(frozen=True, kw_only=True)
class Discovered:
    """What discovery reads of a cluster."""

    pods: Mapping[str, Pod]  # by namespace and name
    services: Mapping[str, Service]
    slices: tuple[EndpointSlice, ...]

    def groups(self, role: str, namespaces: list[str]) -> list[Group]:
        """The targets of a role; all namespaces if none is listed."""
        found = self._of_endpoints() if role in ("endpoints", "endpointslice") else self._of_pods()
        return [
            {"targets": [labels.pop("__address__")], "labels": labels}
            for labels in found
            if not namespaces or labels[f"{_META}_namespace"] in namespaces
        ]

    def _of_pods(self) -> Iterator[Labels]:
        for pod in self.pods.values():
            yield from ({**_pod(pod), **port} for port in _ports(pod))

    def _of_endpoints(self) -> Iterator[Labels]:
        for each in self.slices:
            service = service_of(each)
            namespace = namespace_of(each)
            if (of := self.services.get(f"{namespace}/{service}")) is None:
                continue
            common = {
                f"{_META}_namespace": namespace,
                f"{_META}_service_name": service,
                **_labels("service", meta(of).labels or {}),
            }
            for endpoint in each.endpoints or ():
                target = endpoint.targetRef
                pod = self.pods.get(f"{namespace}/{target.name}") if target else None
                ready = endpoint.conditions is not None and endpoint.conditions.ready
                for port in each.ports or ():
                    yield {
                        **common,
                        **(_pod(pod) if pod is not None else {}),
                        **(_container(pod, port.port) if pod is not None else {}),
                        "__address__": f"{endpoint.addresses[0]}:{port.port}",
                        f"{_META}_endpoint_port_name": port.name or "",
                        f"{_META}_endpoint_ready": str(bool(ready)).lower(),
                        f"{_META}_endpoint_address_target_kind": (target and target.kind) or "",
                        f"{_META}_endpoint_address_target_name": (target and target.name) or "",
                    }


async def read(client: AsyncClient) -> Discovered:
    """What there is to discover now."""
    pods = {
        f"{namespace_of(pod)}/{name_of(pod)}": pod async for pod in client.list(Pod, namespace="*")
    }
    services = {
        f"{namespace_of(each)}/{name_of(each)}": each
        async for each in client.list(Service, namespace="*")
    }
    slices = tuple([each async for each in client.list(EndpointSlice, namespace="*")])
    return Discovered(pods=pods, services=services, slices=slices)


def _pod(pod: Pod) -> Labels:
    assert pod.status is not None
    return {
        f"{_META}_namespace": namespace_of(pod),
        f"{_META}_pod_name": name_of(pod),
        f"{_META}_pod_ip": pod.status.podIP or "",
        f"{_META}_pod_phase": pod.status.phase or "",
        f"{_META}_pod_ready": str(is_ready(pod)).lower(),
        f"{_META}_pod_node_name": (pod.spec and pod.spec.nodeName) or "",
        **_labels("pod", meta(pod).labels or {}),
    }


def _ports(pod: Pod) -> Iterator[Labels]:
    """One target for each port of a container, and one for a container without ports."""
    assert pod.spec is not None
    address = (pod.status and pod.status.podIP) or ""
    for container in pod.spec.containers:
        for port in container.ports or ():
            yield {
                "__address__": f"{address}:{port.containerPort}",
                **_container_port(container.name, port),
            }
        if not container.ports:
            yield {"__address__": address, f"{_META}_pod_container_name": container.name}


def _container(pod: Pod, number: int | None) -> Labels:
    """The container port behind an endpoint."""
    assert pod.spec is not None
    for container in pod.spec.containers:
        for port in container.ports or ():
            if port.containerPort == number:
                return _container_port(container.name, port)
    return {}


def _container_port(container: str, port: ContainerPort) -> Labels:
    return {
        f"{_META}_pod_container_name": container,
        f"{_META}_pod_container_port_name": port.name or "",
        f"{_META}_pod_container_port_number": str(port.containerPort),
    }


def _labels(of: str, labels: Mapping[str, str]) -> Labels:
    found: Labels = {}
    for name, value in labels.items():
        key = re.sub(r"[^A-Za-z0-9_]", "_", name)
        found |= {
            f"{_META}_{of}_label_{key}": value,
            f"{_META}_{of}_labelpresent_{key}": "true",
        }
    return found
