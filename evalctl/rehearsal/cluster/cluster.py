"""A rehearsed cluster: control plane, nodes, controllers, and what Argo CD reads."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from lightkube import AsyncClient
from lightkube.resources.core_v1 import Service
from lightkube.resources.discovery_v1 import EndpointSlice

from environments.names import MONITORING_NAMESPACE, QUEUE_METRIC, SERVICE_CIDR, Names
from environments.spec import Environment
from evalctl.rehearsal.cluster.beside import API_ERRORS, Supervisor, supervised
from evalctl.rehearsal.cluster.control_plane import Address, ControlPlane, control_plane
from evalctl.rehearsal.cluster.controllers import Controllers, Ports
from evalctl.rehearsal.cluster.external_metrics import ExternalMetrics, external_metrics
from evalctl.rehearsal.cluster.programs import Programs
from evalctl.rehearsal.emulator import EmulatedAws


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """A running cluster and what a check reads or changes of it."""

    env: Environment
    programs: Programs
    checkout: Path  # the served copy
    plane: ControlPlane
    client: AsyncClient
    aws: EmulatedAws
    supervisor: Supervisor
    queue: ExternalMetrics  # the value is the number of waiting jobs

    @property
    def environment(self) -> dict[str, str]:
        """Variables for kubectl, aws and evalctl, which then reach this cluster and no other."""
        return {"KUBECONFIG": str(self.plane.kubeconfig), **self.aws.environment}


@asynccontextmanager
async def rehearsed_cluster(
    env: Environment,
    *,
    programs: Programs,
    folder: Path,
    address: Address,
    aws: EmulatedAws,
    checkout: Path,
) -> AsyncIterator[Cluster]:
    """An empty cluster of the environment's Kubernetes version, with its nodes.

    Raises:
        NotStartedError: a program did not start; with the end of its log.
    """
    ports = Ports()
    async with AsyncExitStack() as stack:
        queue = stack.enter_context(
            external_metrics(address.authority.server("external-metrics"), metric=QUEUE_METRIC)
        )
        services = {
            ("kube-system", "metrics-server"): ports.metrics_server,
            (MONITORING_NAMESPACE, "prometheus-adapter"): queue.port,
        }
        clients: list[AsyncClient] = []  # the proxy starts before the API server

        async def resolve(host: str, port: int) -> int | None:
            if host == "127.0.0.1":
                return port  # a kubelet
            return await local_port(clients[0], host, services) if clients else None

        plane = await stack.enter_async_context(
            control_plane(
                programs,
                folder,
                address=address,
                context=Names(env).cluster,
                service_range=SERVICE_CIDR,
                resolve=resolve,
            )
        )
        clients.append(client := plane.client())
        controllers = Controllers(programs=programs, plane=plane, aws=aws, ports=ports)
        supervisor = await stack.enter_async_context(
            supervised(Supervisor(client, tuple(controllers.all())))
        )
        yield Cluster(
            env=env,
            programs=programs,
            checkout=checkout,
            plane=plane,
            client=client,
            aws=aws,
            supervisor=supervisor,
            queue=queue,
        )


async def local_port(
    client: AsyncClient, address: str, services: dict[tuple[str, str], int]
) -> int | None:
    """The port of the program that stands for a Service's address, while one of its pods is ready."""
    try:
        for namespace, name in services:
            if await _has_address(client, namespace, name, address):
                ready = await _has_ready_pod(client, namespace, name)
                return services[namespace, name] if ready else None
    except API_ERRORS:
        return None
    return None


async def _has_address(client: AsyncClient, namespace: str, name: str, address: str) -> bool:
    async for service in client.list(Service, namespace=namespace, fields={"metadata.name": name}):
        if service.spec is not None and service.spec.clusterIP == address:
            return True
    return False


async def _has_ready_pod(client: AsyncClient, namespace: str, service: str) -> bool:
    async for endpoints in client.list(
        EndpointSlice, namespace=namespace, labels={"kubernetes.io/service-name": service}
    ):
        if any(
            endpoint.conditions is not None and endpoint.conditions.ready
            for endpoint in endpoints.endpoints or ()
        ):
            return True
    return False
