"""A rehearsed cluster: control plane, nodes, controllers, and what Argo CD reads."""

import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from lightkube import AsyncClient
from lightkube.resources.core_v1 import Node

from environments.names import (
    MONITORING_NAMESPACE,
    NODE_POOL_LABEL,
    QUEUE_METRIC,
    SERVICE_CIDR,
    Addon,
    Names,
)
from environments.spec import Environment
from evalctl.chart_objects import CHARTS_VARIABLE
from evalctl.rehearsal.cluster import eks_addons
from evalctl.rehearsal.cluster.control_plane import (
    HPA_SYNC_SECONDS,
    Address,
    ControlPlane,
    control_plane,
)
from evalctl.rehearsal.cluster.controllers import Controllers, Ports
from evalctl.rehearsal.cluster.external_metrics import ExternalMetrics, external_metrics
from evalctl.rehearsal.cluster.github import GitHub, github
from evalctl.rehearsal.cluster.images import registry
from evalctl.rehearsal.cluster.kubelet import Kubelet
from evalctl.rehearsal.cluster.kwok import kwok_command, running_kwok
from evalctl.rehearsal.cluster.local_programs import Supervisor, in_background, is_ready
from evalctl.rehearsal.cluster.node_groups import NodeGroups
from evalctl.rehearsal.cluster.node_template import NodeTemplate
from evalctl.rehearsal.cluster.programs import Programs, versions
from evalctl.rehearsal.cluster.served.chart_repositories import (
    ChartRepositories,
    chart_repositories,
)
from evalctl.rehearsal.cluster.served.replacements import Windows
from evalctl.rehearsal.cluster.served.repository import Served, served_copy
from evalctl.rehearsal.cluster.stand_ins import StandIns, stand_ins
from evalctl.rehearsal.cluster.state import Cache, Snapshot, meta, namespace_of, ready_pods
from evalctl.rehearsal.emulator import EmulatedAws
from evalctl.rendered_charts import rendered_charts
from evalctl.servers import free_port, started_in_thread

DEFINITIONS_VARIABLE = "CRD_DIR"
# The Services behind aggregated APIs, by namespace and name.
METRICS_SERVER = ("kube-system", Addon.METRICS_SERVER.value)
PROMETHEUS_ADAPTER = (MONITORING_NAMESPACE, Addon.PROMETHEUS_ADAPTER.value)
_POD_CIDR = "10.0.0.1/16"  # addresses that kwok gives to pods; nothing listens there


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """A running cluster and what a check reads or changes of it."""

    env: Environment
    programs: Programs
    plane: ControlPlane
    client: AsyncClient
    aws: EmulatedAws
    served: Served
    charts: ChartRepositories
    supervisor: Supervisor
    parts: StandIns
    queue: ExternalMetrics  # the value is the number of waiting jobs
    github: GitHub  # the pull requests that are open
    # Namespaces and names of the Services behind aggregated APIs, with the port of the local program. A Service
    # that a check removes is out of the API server's reach.
    services: dict[tuple[str, str], int]

    @property
    def names(self) -> Names:
        return Names(self.env)

    @property
    def environment(self) -> dict[str, str]:
        """Variables for kubectl, aws and evalctl, which then reach this cluster and no other."""
        return {
            "PATH": self.programs.search_path,
            "KUBECONFIG": str(self.plane.kubeconfig),
            **self.aws.environment,
        }

    async def nodes(self, pool: str | None = None) -> list[Node]:
        """The nodes of a pool, or all of them."""
        selected = self.client.list(Node, labels={} if pool is None else {NODE_POOL_LABEL: pool})
        return [node async for node in selected]


def _runs(addon: Addon) -> Callable[[Snapshot], bool]:
    """Whether a pod of the add-on is ready, for what acts only while it is."""

    def ready(snapshot: Snapshot) -> bool:
        return any(
            (meta(pod).labels or {}).get("app.kubernetes.io/instance") == addon and is_ready(pod)
            for pod in snapshot.pods
            if namespace_of(pod) == "kube-system"
        )

    return ready


def program_port(
    address: str, services: Mapping[tuple[str, str], int], snapshot: Snapshot
) -> int | None:
    """The port of the program that stands for a Service's address, if one of its pods is ready."""
    ready = ready_pods(snapshot.endpoint_slices)
    for (namespace, name), port in services.items():
        full = f"{namespace}/{name}"
        service = snapshot.service_by_name.get(full)
        if service is not None and service.spec is not None and service.spec.clusterIP == address:
            return port if full in ready else None
    return None


@asynccontextmanager
async def rehearsed_cluster(
    env: Environment,
    *,
    checkout: Path,
    programs: Programs,
    folder: Path,
    address: Address,
    aws: EmulatedAws,
    windows: Windows,
    faster: int,
) -> AsyncIterator[Cluster]:
    """An empty cluster of the environment's Kubernetes version, with its nodes and the EKS add-ons.

    The autoscaler's windows and periods are divided by `faster`.

    Raises:
        NotServedError: something that Argo CD would read is missing.
        NotStartedError: a program did not start; with the end of its log.
    """
    names, ports = Names(env), Ports()
    async with AsyncExitStack() as stack:
        charts = stack.enter_context(
            chart_repositories(
                rendered_charts(names, checkout=checkout),
                folder=folder / "charts",
                chart_dir=_folder(CHARTS_VARIABLE),
                definitions=_folder(DEFINITIONS_VARIABLE),
                helm=programs.path("helm"),
            )
        )
        pull_requests = stack.enter_context(github())
        served = served_copy(
            env,
            checkout,
            folder / "served",
            charts=charts.addresses,
            install_manifest=programs.install_manifest,
            windows=windows,
            faster=faster,
            github=pull_requests.address,
        )
        queue = stack.enter_context(
            external_metrics(address.authority.server("external-metrics"), metric=QUEUE_METRIC)
        )
        services = {METRICS_SERVER: ports.metrics_server, PROMETHEUS_ADAPTER: queue.port}
        cache = Cache()

        async def resolve(host: str, port: int) -> int | None:
            if host == "127.0.0.1":  # there is the kubelet
                return port
            return program_port(host, services, cache.snapshot)

        plane = await stack.enter_async_context(
            control_plane(
                programs,
                folder,
                address=address,
                context=names.cluster,
                service_range=SERVICE_CIDR,
                resolve=resolve,
                hpa_sync_seconds=HPA_SYNC_SECONDS // faster,
            )
        )
        client = plane.client()
        kubelet, port = address.authority.server("kubelet"), free_port()
        kwok = kwok_command(
            Path(programs.path("kwok")),
            kubeconfig=plane.kubeconfig,
            port=port,
            certificate=kubelet.certificate,
            key=kubelet.key,
            pod_cidr=_POD_CIDR,
        )
        await stack.enter_async_context(
            started_in_thread(running_kwok(kwok, port=port, log=folder / "kwok.log"))
        )
        await eks_addons.install(client, names)
        parts = StandIns(
            names=names,
            groups=NodeGroups(NodeTemplate(names=names), grow=_runs(Addon.CLUSTER_AUTOSCALER)),
            kubelet=Kubelet(lambda: registry(names)),
            controls_load_balancers=_runs(Addon.LOAD_BALANCER_CONTROLLER),
        )
        controllers = Controllers(programs=programs, plane=plane, aws=aws, ports=ports)
        supervisor = Supervisor(client, tuple(controllers.all()), cache)
        for loop in (
            cache.follow(client),
            stand_ins(client, parts, cache),
            supervisor.follow(),
        ):
            await stack.enter_async_context(in_background(loop))
        yield Cluster(
            env=env,
            programs=programs,
            plane=plane,
            client=client,
            aws=aws,
            served=served,
            charts=charts,
            supervisor=supervisor,
            parts=parts,
            queue=queue,
            services=services,
            github=pull_requests,
        )


def stood_in(cluster: Cluster) -> Iterator[str]:
    """Each version and each thing that is not what production has, for the output."""
    yield from versions(cluster.programs, cluster.env)
    yield "containers: kwok answers for them, and pods end at once when they are deleted"
    yield "nodes, EBS volumes, load balancers, EKS add-ons: by evalctl, from the environment's value"
    yield f"{Addon.PROMETHEUS_ADAPTER}: a server of one metric, whose value the rehearsal sets"
    yield "Prometheus' discovery in Kubernetes: by evalctl, the real Prometheus relabels what it finds"
    yield "webhooks of admission: not called, no program runs behind them"
    yield from cluster.charts.described()
    for replacement in cluster.served.replacements:
        yield replacement.description


def _folder(variable: str) -> Path | None:
    value = os.environ.get(variable)
    return Path(value).resolve() if value else None
