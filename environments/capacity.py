"""What nodes have room for, and what the platform itself runs on them: one arithmetic for rules, tests and rehearsal."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from environments import eks_addons
from environments.catalog import INSTANCE_TYPES, InstanceType
from environments.eks_addons import EksAddonPod
from environments.spec import Compute, Environment, NodeGroup, Worker


@dataclass(frozen=True, order=True)
class Room:
    """CPU in millicores and memory in MiB."""

    cpu: int
    memory: int

    def __add__(self, other: "Room") -> "Room":
        return Room(self.cpu + other.cpu, self.memory + other.memory)

    def __sub__(self, other: "Room") -> "Room":
        return Room(self.cpu - other.cpu, self.memory - other.memory)

    def __mul__(self, times: int) -> "Room":
        return Room(self.cpu * times, self.memory * times)

    def __str__(self) -> str:
        return f"{self.cpu}m and {self.memory} MiB"

    def fits(self, other: "Room") -> bool:
        return other.cpu <= self.cpu and other.memory <= self.memory


@dataclass(frozen=True)
class Pods:
    """Equal pods of one workload: `even` if no node may have two more than another, `apart` if none may have two."""

    name: str
    count: int
    each: Room
    even: bool = False
    apart: bool = False


def requested(compute: Compute) -> Room:
    return Room(compute.cpu_request_millicores, compute.memory_request_mib)


def requested_by_eks(pod: EksAddonPod) -> Room:
    return requested(pod.compute) * len(pod.containers) if pod.compute else Room(0, 0)


# What runs on each node: EKS' daemons and the node exporter.
_NODE_EXPORTER = Room(10, 32)
DAEMONS = sum((requested_by_eks(pod) for pod in eks_addons.DAEMONS), _NODE_EXPORTER)
DAEMON_PODS = len(eks_addons.DAEMONS) + 1

# The operator makes a second container of each Prometheus and Alertmanager pod.
_RELOADER = Room(5, 32)


def node_room(type_: InstanceType) -> Room:
    """What a node has for pods, daemons included, once the kubelet and the kernel have theirs.

    EKS reserves 6 % of the first core, 1 % of the second, 0.5 % of the next two and 0.25 % of each further one,
    255 MiB and 11 MiB for each pod that the node may take, and evicts below 100 MiB (its AMI's nodeadm,
    amazon-eks-ami). A machine shows the system less memory than it is sold with: 7.5 %, as Karpenter assumes
    (VM_MEMORY_OVERHEAD_PERCENT).
    """
    cores = [60, 10, 5, 5][: type_.vcpus]
    reserved = sum(cores) + 2.5 * max(type_.vcpus - 4, 0)
    memory = int(type_.memory_gib * 1024 * 0.925) - 255 - 11 * type_.most_pods - 100
    return Room(type_.vcpus * 1000 - math.ceil(reserved), memory)


def free_room(type_: InstanceType) -> Room:
    """The same without the daemons' share."""
    return node_room(type_) - DAEMONS


def smallest_type(group: NodeGroup) -> InstanceType | None:
    """The group's type with the least room; None if other rules refuse the group's values."""
    known = [INSTANCE_TYPES[name] for name in group.instance_types if name in INSTANCE_TYPES]
    return min(known, key=free_room) if known and group.max_size >= 1 else None


def workers_on_a_node(type_: InstanceType, worker: Worker) -> int:
    """How many workers a node of the worker pool holds, besides its daemons."""
    each, free = requested(worker.compute), free_room(type_)
    if each.cpu < 1 or each.memory < 1:  # refused by another rule
        return 0
    return min(free.cpu // each.cpu, free.memory // each.memory, type_.most_pods - DAEMON_PODS)


def most_nodes(group: NodeGroup) -> int:
    """The group's maximum, and the new nodes that start before old ones go.

    A replaced group has its successor beside it, which may grow to the same size.
    """
    return max(nodes_in_an_update(group), 2 * group.max_size)


def nodes_in_an_update(group: NodeGroup) -> int:
    """The group's maximum, and those that EKS adds."""
    return group.max_size + added_in_an_update(group)


def added_in_an_update(group: NodeGroup) -> int:
    """Up to two for each zone of the group (EKS user guide, "Managed node update behavior")."""
    return 2 * len(group.zones)


def placed(wanted: Iterable[Pods], nodes: int, each: Room) -> tuple[int, Pods | None]:
    """How many pods find a node, and the first workload that does not.

    The largest pods come first, each on the node with most room.
    """
    room, count = [each] * nodes, 0
    alone: Pods | None = None
    for pods in sorted(wanted, key=lambda pods: (pods.apart or pods.even, pods.each), reverse=True):
        own = [0] * nodes
        for _ in range(pods.count):
            most = 0 if pods.apart else min(own, default=0) if pods.even else pods.count
            allowed = [node for node in range(nodes) if own[node] <= most]
            best = max(allowed, key=lambda node: room[node], default=None)
            if best is None or not room[best].fits(pods.each):
                alone = alone or pods
                break
            room[best] -= pods.each
            own[best] += 1
            count += 1
    return count, alone


def without_one_of_each(wanted: Iterable[Pods]) -> tuple[Pods, ...]:
    """What must run while a node is lost: of several equal pods one may wait."""
    return tuple(replace(pods, count=max(pods.count - 1, min(pods.count, 1))) for pods in wanted)


def node_disk_gib(disk_gib: int) -> int:
    """What pods can use of a node's disk.

    The kubelet keeps a tenth free and 1 GiB for Kubernetes (awslabs/amazon-eks-ami, nodeadm/internal/kubelet/config.go:
    evictionHard, kubeReserved). The file system needs less than another GiB.
    """
    return disk_gib * 9 // 10 - 2


def general_pods(env: Environment) -> tuple[Pods, ...]:
    """All pods of the general pool; what the value does not size is as the planes and the charts have it.

    A test compares it with what is rendered.
    """
    controllers, monitoring = env.controller_replicas, env.monitoring
    prometheus = requested(monitoring.prometheus_compute) + _RELOADER
    return (
        Pods(
            "orchestrator",
            env.orchestrator.replicas,
            requested(env.orchestrator.compute),
            even=True,
        ),
        Pods(
            "kube-prometheus-stack.prometheus.prometheusSpec",
            monitoring.prometheus_replicas,
            prometheus,
            apart=True,
        ),
        Pods(
            "kube-prometheus-stack.alertmanager.alertmanagerSpec",
            monitoring.alertmanager_replicas,
            Room(15, 96),
            apart=True,
        ),
        Pods("database-users", 1, Room(50, 64)),
        Pods("clickhouse-schema", 1, Room(50, 256)),
        *(
            Pods(pod.name, pod.replicas or 0, requested_by_eks(pod))
            for pod in eks_addons.DEPLOYMENTS
        ),
        Pods("metrics-server", 2, Room(50, 100)),
        Pods("argocd-application-controller", 1, Room(150, 384)),
        Pods("argocd-redis", 1, Room(25, 64)),
        Pods("argocd-repo-server", controllers, Room(50, 128)),
        Pods("argocd-server", controllers, Room(25, 96)),
        Pods("external-secrets", controllers, Room(25, 96)),
        Pods("external-secrets.webhook", controllers, Room(10, 64)),
        Pods("external-secrets.certController", 1, Room(10, 64)),
        Pods("aws-load-balancer-controller", controllers, Room(50, 128)),
        Pods("cluster-autoscaler", controllers, Room(50, 256)),
        Pods("prometheus-adapter", controllers, Room(15, 64)),
        Pods("prometheus-redis-exporter", 1, Room(10, 32)),
        Pods("prometheus-yet-another-cloudwatch-exporter", 1, Room(10, 64)),
        Pods("kube-prometheus-stack.kube-state-metrics", 1, Room(15, 96)),
        Pods("kube-prometheus-stack.prometheusOperator", 1, Room(20, 96)),
        Pods("kube-prometheus-stack.grafana", 1, Room(100, 640)),
        Pods("kube-prometheus-stack.grafana.sidecar", 1, Room(20, 160)),
    )
