"""Everything that runs on the general pool fits on it at its largest, on whole nodes.

Requests are read from what is rendered: a new add-on, or a larger one, is in the sum by itself.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from argocd.addons.installed import installed_charts
from environments.catalog import INSTANCE_TYPES
from environments.names import GENERAL_POOL, NODE_POOL_LABEL, App, Names, Stack
from environments.spec import NodeGroup
from tests.support.manifests import Manifest
from tests.support.quantities import quantity
from tests.support.terraform import Terraform

ENVIRONMENTS = pytest.mark.parametrize("name", ["dev", "prod"])


@dataclass(frozen=True, order=True)
class Room:
    """CPU in millicores and memory in MiB."""

    cpu: int
    memory: int

    def __add__(self, other: "Room") -> "Room":
        return Room(self.cpu + other.cpu, self.memory + other.memory)

    def __sub__(self, other: "Room") -> "Room":
        return Room(self.cpu - other.cpu, self.memory - other.memory)

    def fits(self, other: "Room") -> bool:
        return other.cpu <= self.cpu and other.memory <= self.memory


@dataclass(frozen=True)
class Pods:
    """Equal pods of one workload; `apart` on as many nodes as there are of them."""

    name: str
    count: int
    each: Room
    apart: bool = False


@dataclass(frozen=True)
class EksPod:
    """A pod of an EKS add-on; one part of its configuration has the requests of all its containers."""

    name: str
    addon: str
    part: str | None
    containers: int

    def requested(self, cluster: Terraform) -> Room:
        (addon,) = (
            body
            for body in cluster.resources("aws_eks_addon").values()
            if body["addon_name"] == self.addon
        )
        configuration = json.loads(addon["configuration_values"])
        sized = configuration[self.part] if self.part else configuration
        return sum((requested(sized["resources"]) for _ in range(self.containers)), Room(0, 0))


# One on each node; aws-node with its network policy agent. The Pod Identity agent has no requests.
EKS_DAEMONS = (
    EksPod("kube-proxy", "kube-proxy", None, 1),
    EksPod("aws-node", "vpc-cni", None, 2),
    EksPod("ebs-csi-node", "aws-ebs-csi-driver", "node", 3),
)
EKS_DAEMON_PODS = len(EKS_DAEMONS) + 1
# Two replicas each. Spot nodes' taint keeps them here.
EKS_PODS = (
    EksPod("coredns", "coredns", None, 1),
    EksPod("ebs-csi-controller", "aws-ebs-csi-driver", "controller", 6),
)
# A DaemonSet of a chart takes its share of every node instead.
DAEMON_VALUES = ("prometheus-node-exporter",)
# The operator makes a second container of each Prometheus and Alertmanager pod, with these requests.
MADE_BY_OPERATOR = ("prometheusConfigReloader",)
# Pods that one node takes, from its network interfaces: 3 with 12 addresses each for t3.large
# (EC2's list in the VPC CNI's repository, misc/eni-max-pods.txt).
MOST_PODS = {"t3.large": 35}


def node(group: NodeGroup) -> Room:
    """What a node has for pods, daemons included, once the kubelet and the kernel have theirs.

    EKS reserves 6 % of the first core and 1 % of the second, 255 MiB and 11 MiB for each pod that the
    node may take, and evicts below 100 MiB (its AMI's nodeadm, amazon-eks-ami). A machine shows the
    system less memory than it is sold with: 7.5 %, as Karpenter assumes (VM_MEMORY_OVERHEAD_PERCENT).
    """
    type_ = group.instance_types[0]
    size = INSTANCE_TYPES[type_]
    cpu = size.vcpus * 1000 - 60 - 10
    memory = int(size.memory_gib * 1024 * 0.925) - 255 - 11 * MOST_PODS[type_] - 100
    return Room(cpu, memory)


def requested(resources: Mapping[str, Mapping[str, object]]) -> Room:
    requests = resources["requests"]
    return Room(
        round(quantity(requests["cpu"]) * 1000), round(quantity(requests["memory"]) / 2**20)
    )


def of_manifest(workload: Manifest) -> Pods:
    pod = workload["spec"]["template"]["spec"]
    each = sum((requested(c["resources"]) for c in pod["containers"]), Room(0, 0))
    apart = any(
        constraint["whenUnsatisfiable"] == "DoNotSchedule"
        for constraint in pod.get("topologySpreadConstraints", [])
    )
    count = workload["spec"].get("replicas", 1)
    return Pods(workload["metadata"]["name"], count, each, apart)


def of_values(
    name: str, values: Mapping[str, object], replicas: int = 1
) -> Iterator[tuple[str, int, Room]]:
    """Each container that a chart's values size: where, how many, how large."""
    for key in ("replicas", "replicaCount"):
        own = values.get(key)
        if isinstance(own, int):
            replicas = own
    resources = values.get("resources")
    if isinstance(resources, Mapping) and "cpu" in resources.get("requests", {}):
        yield name, replicas, requested(resources)
    for key, part in values.items():
        if isinstance(part, Mapping) and key != "resources":
            yield from of_values(f"{name}.{key}", part, replicas)


def addon_pods(names: Names) -> list[Pods]:
    sized = [
        (where, count, each)
        for chart in installed_charts(names)
        for where, count, each in of_values(chart.addon, chart.values)
    ]
    (reloader,) = {each for where, _, each in sized if where.endswith(MADE_BY_OPERATOR)} or {
        Room(0, 0)
    }
    pods = []
    for where, count, each in sized:
        if where.endswith((*DAEMON_VALUES, *MADE_BY_OPERATOR)):
            continue
        reloaded = where.endswith(("prometheusSpec", "alertmanagerSpec"))
        if where.endswith("sidecar"):  # one container for boards, one for data sources
            pods.append(Pods(where, count, each + each))
        else:
            pods.append(Pods(where, count, each + reloader if reloaded else each, apart=reloaded))
    return pods


def daemons(names: Names, cluster: Terraform) -> Room:
    """What EKS and charts run on every node."""
    of_charts = (
        each
        for chart in installed_charts(names)
        for where, _, each in of_values(chart.addon, chart.values)
        if where.endswith(DAEMON_VALUES)
    )
    return sum((*of_charts, *(pod.requested(cluster) for pod in EKS_DAEMONS)), Room(0, 0))


def argo_cd_pods(folder: Path) -> list[Pods]:
    """Argo CD's workloads, with the requests in their patches."""
    pods = []
    for file in sorted(folder.glob("*.yaml")):
        document = yaml.safe_load(file.read_text())
        if isinstance(document, dict) and document.get("kind") in ("Deployment", "StatefulSet"):
            containers = document["spec"]["template"]["spec"]["containers"]
            each = sum((requested(c["resources"]) for c in containers), Room(0, 0))
            count = document["spec"].get("replicas", 1)
            pods.append(Pods(document["metadata"]["name"], count, each))
    return pods


@pytest.fixture
def cluster(name: str, terraform: dict[str, dict[Stack, Terraform]]) -> Terraform:
    return terraform[name][Stack.CLUSTER]


@pytest.fixture
def general_pods(
    name: str,
    rendered: Path,
    manifests: dict[str, dict[App, list[Manifest]]],
    names: dict[str, Names],
    cluster: Terraform,
) -> list[Pods]:
    ours = [
        of_manifest(workload)
        for objects in manifests[name].values()
        for workload in objects
        if workload["kind"] in ("Deployment", "Job")
        and workload["spec"]["template"]["spec"]["nodeSelector"] == {NODE_POOL_LABEL: GENERAL_POOL}
    ]
    argo_cd = argo_cd_pods(rendered / name / "argocd-install")
    eks = [Pods(pod.name, 2, pod.requested(cluster)) for pod in EKS_PODS]
    return [*ours, *eks, *argo_cd, *addon_pods(names[name])]


@pytest.fixture
def each_node(name: str, names: dict[str, Names], cluster: Terraform) -> Room:
    """What a node of the general pool has for pods that are not on every node."""
    return node(names[name].env.cluster.general) - daemons(names[name], cluster)


def test_the_general_pools_node_has_the_size_that_eks_users_measure(
    names: dict[str, Names],
) -> None:
    """About 1930m and 7 GiB for all pods of a t3.large, daemons included."""
    assert node(names["prod"].env.cluster.general) == Room(1930, 6837)


@ENVIRONMENTS
def test_eks_daemons_are_counted(name: str, names: dict[str, Names], cluster: Terraform) -> None:
    """kube-proxy's 100m alone, and 40 MiB for each of three containers of the EBS driver."""
    counted = daemons(names[name], cluster)
    assert counted.cpu > 100
    assert counted.memory > 3 * 40


@ENVIRONMENTS
def test_each_kind_of_workload_is_counted(general_pods: list[Pods]) -> None:
    counted = {pods.name for pods in general_pods}
    assert {
        "orchestrator",
        "coredns",
        "argocd-server",
        "external-secrets",
        "external-secrets.webhook",
        "metrics-server",
        "cluster-autoscaler",
        "aws-load-balancer-controller",
    } <= counted


@ENVIRONMENTS
def test_the_sum_of_requests_fits_into_the_general_pool_at_its_largest(
    name: str, general_pods: list[Pods], each_node: Room, names: dict[str, Names]
) -> None:
    largest = names[name].env.cluster.general.max_size
    wanted = Room(
        sum(pods.count * pods.each.cpu for pods in general_pods),
        sum(pods.count * pods.each.memory for pods in general_pods),
    )
    assert Room(each_node.cpu * largest, each_node.memory * largest).fits(wanted)


@ENVIRONMENTS
def test_every_pod_fits_whole_on_a_node(
    name: str, general_pods: list[Pods], each_node: Room, names: dict[str, Names]
) -> None:
    """Places the largest first, on the node with most room; `apart` pods go to different nodes."""
    room = [each_node] * names[name].env.cluster.general.max_size
    for pods in sorted(general_pods, key=lambda pods: (pods.apart, pods.each), reverse=True):
        taken: set[int] = set()
        for _ in range(pods.count):
            free = [i for i in range(len(room)) if not (pods.apart and i in taken)]
            best = max(free, key=lambda i: room[i], default=None)
            assert best is not None, f"{pods.name} has more replicas than there are nodes"
            assert room[best].fits(pods.each), f"{pods.name} does not fit: {room} is left"
            room[best] -= pods.each
            taken.add(best)


@ENVIRONMENTS
def test_no_node_has_more_pods_than_addresses(
    name: str, general_pods: list[Pods], names: dict[str, Names]
) -> None:
    group = names[name].env.cluster.general
    per_node = MOST_PODS[group.instance_types[0]] - EKS_DAEMON_PODS - len(DAEMON_VALUES)
    assert sum(pods.count for pods in general_pods) <= per_node * group.max_size
