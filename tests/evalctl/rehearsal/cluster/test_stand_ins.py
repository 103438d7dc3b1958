"""The stand-ins on a real API server with its real scheduler and controllers, and the real kwok."""

import asyncio
import os
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

import pytest
import yaml
from lightkube import AsyncClient
from lightkube.codecs import load_all_yaml
from lightkube.resources.apps_v1 import StatefulSet
from lightkube.resources.core_v1 import (
    Event,
    Node,
    PersistentVolume,
    PersistentVolumeClaim,
    Pod,
    Secret,
)
from lightkube.resources.networking_v1 import Ingress

from environments.dev import DEV
from environments.names import App, Names
from environments.spec import CapacityType
from evalctl.rehearsal.cluster import eks_addons
from evalctl.rehearsal.cluster.images import registry
from evalctl.rehearsal.cluster.kubelet import Kubelet
from evalctl.rehearsal.cluster.kwok import CPU_ANNOTATION, METRICS_PATH, kwok_command, running_kwok
from evalctl.rehearsal.cluster.node_groups import NodeGroups
from evalctl.rehearsal.cluster.node_template import NodeTemplate
from evalctl.rehearsal.cluster.stand_ins import StandIns, stand_ins
from evalctl.rehearsal.cluster.state import Cache, meta, name_of
from evalctl.servers import free_port
from tests.evalctl.rehearsal.cluster.objects import of

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(
        "CLUSTER_PROGRAMS" not in os.environ,
        reason="CLUSTER_PROGRAMS is not set: the folder with kwok and the programs of Kubernetes",
    ),
]

NAMES = Names(DEV)
T = TypeVar("T")


class ControlPlane(Protocol):
    """What the fixture `control_plane` has."""

    kubeconfig: Path

    def client(self) -> AsyncClient: ...


@dataclass
class Cluster:
    """A cluster with its stand-ins, and switches for the two controllers that they depend on."""

    client: AsyncClient
    parts: StandIns
    kubelet_port: int
    switches: dict[str, bool]
    applied: list[str] = field(default_factory=list)

    async def apply(self, text: str) -> None:
        for item in load_all_yaml(text):
            await self.client.apply(item, field_manager="test", force=True)

    async def pods(self, **labels: str) -> list[Pod]:
        return [pod async for pod in self.client.list(Pod, namespace="default", labels={**labels})]

    async def nodes(self, pool: str) -> list[Node]:
        return [
            node async for node in self.client.list(Node, labels={"eval-platform.io/pool": pool})
        ]


@pytest.fixture
def kubelet_certificate(tmp_path: Path) -> tuple[Path, Path]:
    certificate, key = tmp_path / "kubelet.crt", tmp_path / "kubelet.key"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"),
            *("-subj", "/CN=kubelet", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    return certificate, key


@pytest.fixture
def kubelet_port(
    control_plane: ControlPlane, kubelet_certificate: tuple[Path, Path], tmp_path: Path
) -> Iterator[int]:
    port = free_port()
    certificate, key = kubelet_certificate
    command = kwok_command(
        Path(os.environ["CLUSTER_PROGRAMS"]) / "kwok",
        kubeconfig=control_plane.kubeconfig,
        port=port,
        certificate=certificate,
        key=key,
        pod_cidr=DEV.network.vpc_cidr,
    )
    with running_kwok(command, port=port, log=tmp_path / "kwok.log"):
        yield port


@asynccontextmanager
async def cluster(control_plane: ControlPlane, kubelet_port: int) -> AsyncIterator[Cluster]:
    client = control_plane.client()
    switches = {"autoscaler": True, "load balancers": False}
    parts = StandIns(
        names=NAMES,
        groups=NodeGroups(
            NodeTemplate(names=NAMES),
            grow=lambda _: switches["autoscaler"],
            start_seconds=dict.fromkeys(CapacityType, 2.0),
        ),
        kubelet=Kubelet(lambda: registry(NAMES)),
        controls_load_balancers=lambda _: switches["load balancers"],
    )
    await eks_addons.install(client, NAMES)
    cache = Cache()
    loops = [
        asyncio.create_task(each)
        for each in (cache.follow(client), stand_ins(client, parts, cache))
    ]
    try:
        yield Cluster(client, parts, kubelet_port, switches)
    finally:
        for loop in loops:
            loop.cancel()
        await client.close()


async def until(what: str, check: Callable[[], Awaitable[T]], seconds: float = 60) -> T:
    """The first result that is true."""
    deadline = time.monotonic() + seconds
    while not (result := await check()):
        assert time.monotonic() < deadline, f"after {seconds} s still not: {what}"
        await asyncio.sleep(0.5)
    return result


def runs(pod: Pod) -> bool:
    conditions = (pod.status.conditions if pod.status else None) or ()
    return any(one.type == "Ready" and one.status == "True" for one in conditions)


def test_the_stand_ins_run_pods_as_eks_would(
    control_plane: ControlPlane, kubelet_port: int, rendered: Path
) -> None:
    async def steps() -> None:
        async with cluster(control_plane, kubelet_port) as here:
            await nodes_are_ready_with_their_daemons(here)
            folder = rendered / "dev" / "k8s" / App.FOUNDATION
            await here.apply((folder / "StorageClass-gp3.yaml").read_text())
            await a_missing_secret_keeps_its_pod_waiting(here)
            await a_job_ends(here)
            await a_claim_gets_a_volume_that_grows_and_goes(here)
            await an_ingress_waits_for_the_controller(here)
            await a_group_grows_to_its_maximum_and_replaces_a_lost_node(here)
            await usage_is_that_of_the_annotation(here)

    asyncio.run(steps())


async def nodes_are_ready_with_their_daemons(here: Cluster) -> None:
    async def daemons() -> bool:
        pods = [pod async for pod in here.client.list(Pod, namespace="kube-system")]
        return len([pod for pod in pods if runs(pod)]) == 3 * 4 + 2 * 2

    await until("three nodes with four daemons each, and four pods of add-ons", daemons)
    assert len(await here.nodes("general")) == DEV.cluster.general.desired_size
    assert here.parts.kubelet.refused == ()
    assert here.parts.groups.sizes["general"] == 2


async def a_missing_secret_keeps_its_pod_waiting(here: Cluster) -> None:
    await here.apply(
        yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": "app", "namespace": "default", "labels": {"app": "app"}},
                "spec": {
                    "terminationGracePeriodSeconds": 600,
                    "containers": [
                        {
                            "name": "a",
                            "image": "app:1",
                            "envFrom": [{"secretRef": {"name": "late"}}],
                        }
                    ],
                },
            }
        )
    )

    async def refused() -> bool:
        (pod,) = await here.pods(app="app")
        statuses = (pod.status.containerStatuses if pod.status else None) or ()
        states = [one.state.waiting for one in statuses if one.state and one.state.waiting]
        return [(state.reason, state.message) for state in states] == [
            ("CreateContainerConfigError", 'secret "late" not found')
        ]

    await until("the pod waits for its Secret", refused)
    events = [event async for event in here.client.list(Event, namespace="default")]
    assert 'Error: secret "late" not found' in [event.message for event in events]
    assert [refusal.object for refusal in here.parts.kubelet.refused] == ["Secret default/late"]

    late = of(Secret, {"metadata": {"name": "late", "namespace": "default"}})
    await here.client.create(late)

    async def running() -> bool:
        return all(runs(pod) for pod in await here.pods(app="app"))

    await until("the pod runs with its Secret", running)
    await here.client.delete(Pod, "app", namespace="default")

    async def gone() -> bool:
        return not await here.pods(app="app")

    await until("the pod ends without using its grace period", gone, seconds=20)


async def a_job_ends(here: Cluster) -> None:
    await here.apply("""
        apiVersion: batch/v1
        kind: Job
        metadata: {name: job, namespace: default}
        spec:
          template:
            metadata: {labels: {app: job}}
            spec: {restartPolicy: Never, containers: [{name: a, image: "job:1"}]}
        """)

    async def ended() -> bool:
        pods = await here.pods(app="job")
        return [pod.status.phase for pod in pods if pod.status] == ["Succeeded"]

    await until("the Job's pod has ended", ended)


async def a_claim_gets_a_volume_that_grows_and_goes(here: Cluster) -> None:
    await here.apply("""
        apiVersion: apps/v1
        kind: StatefulSet
        metadata: {name: db, namespace: default}
        spec:
          serviceName: db
          selector: {matchLabels: {app: db}}
          template:
            metadata: {labels: {app: db}}
            spec: {containers: [{name: a, image: "db:1"}]}
          volumeClaimTemplates:
          - metadata: {name: data}
            spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
          persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete}
        """)

    async def running() -> bool:
        pods = await here.pods(app="db")
        return bool(pods) and all(runs(pod) for pod in pods)

    await until("the pod runs with its volume", running)
    larger = {"spec": {"resources": {"requests": {"storage": "2Gi"}}}}
    await here.client.patch(PersistentVolumeClaim, "data-db-0", larger, namespace="default")

    async def grown() -> bool:
        claim = await here.client.get(PersistentVolumeClaim, "data-db-0", namespace="default")
        return claim.status is not None and claim.status.capacity == {"storage": "2Gi"}

    await until("the claim has grown", grown)
    await here.client.delete(StatefulSet, "db", namespace="default")

    async def gone() -> bool:
        return not [volume async for volume in here.client.list(PersistentVolume)]

    await until("the volume is deleted with its claim", gone)


async def an_ingress_waits_for_the_controller(here: Cluster) -> None:
    await here.apply("""
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata: {name: web, namespace: default}
        spec:
          ingressClassName: alb
          defaultBackend: {service: {name: web, port: {number: 80}}}
        """)

    async def address() -> bool:
        ingress = await here.client.get(Ingress, "web", namespace="default")
        balancer = ingress.status.loadBalancer if ingress.status else None
        return bool(balancer and balancer.ingress)

    await asyncio.sleep(3)
    assert not await address()
    here.switches["load balancers"] = True
    await until("the Ingress has an address", address)


async def a_group_grows_to_its_maximum_and_replaces_a_lost_node(here: Cluster) -> None:
    """Two pods fit on a spot node, and the group may have two nodes: the fifth pod waits."""
    await here.apply("""
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: worker, namespace: default}
        spec:
          replicas: 5
          selector: {matchLabels: {app: worker}}
          template:
            metadata:
              labels: {app: worker}
              annotations: {rehearsal.eval-platform.io/usage-cpu: 1500m}
            spec:
              nodeSelector: {eval-platform.io/pool: workers-spot}
              tolerations: [{key: eval-platform.io/pool, operator: Exists}]
              containers: [{name: a, image: "worker:1", resources: {requests: {cpu: 1500m}}}]
        """)

    async def four_run() -> bool:
        """On nodes that exist: pods of a lost node stay until the garbage collector finds them."""
        names = {name_of(node) for node in await here.nodes("workers-spot")}
        pods = [pod for pod in await here.pods(app="worker") if runs(pod)]
        return len([pod for pod in pods if pod.spec and pod.spec.nodeName in names]) == 4

    await until("four of five workers run", four_run)
    nodes = await here.nodes("workers-spot")
    zones = {(meta(node).labels or {})["topology.kubernetes.io/zone"] for node in nodes}
    assert zones == set(DEV.cluster.workers_spot.zones)

    lost = name_of(nodes[0])
    await here.parts.groups.lose(here.client, lost)

    async def replaced() -> bool:
        names = [name_of(node) for node in await here.nodes("workers-spot")]
        return len(names) == 2 and lost not in names

    await until("the lost node is replaced", replaced)
    await until("four workers run again", four_run, seconds=120)
    assert here.parts.groups.sizes == {"general": 2, "workers-spot": 2}


async def usage_is_that_of_the_annotation(here: Cluster) -> None:
    """What metrics-server reads: core-seconds, which grow by 1.5 a second."""
    names = {name_of(node) for node in await here.nodes("workers-spot")}
    pods = [pod for pod in await here.pods(app="worker") if runs(pod)]
    pod = next(pod for pod in pods if pod.spec and pod.spec.nodeName in names)
    assert (meta(pod).annotations or {})[CPU_ANNOTATION] == "1500m"
    assert pod.spec is not None
    path = METRICS_PATH.format(nodeName=pod.spec.nodeName)

    async def core_seconds() -> float:
        process = await asyncio.create_subprocess_exec(
            *("curl", "--silent", "--insecure", f"https://127.0.0.1:{here.kubelet_port}{path}"),
            stdout=asyncio.subprocess.PIPE,
        )
        output, _ = await process.communicate()
        for line in output.decode().splitlines():
            if line.startswith("pod_cpu_usage_seconds_total") and f'"{name_of(pod)}"' in line:
                return float(line.split()[-1])
        return 0

    before, start = await until("the pod's usage", core_seconds), time.monotonic()
    await asyncio.sleep(4)
    rate = (await core_seconds() - before) / (time.monotonic() - start)
    assert rate == pytest.approx(1.5, rel=0.2)
