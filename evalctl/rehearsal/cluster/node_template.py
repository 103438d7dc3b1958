"""A node of a node group as EKS registers it: capacity, labels, taint, provider id."""

import hashlib
from dataclasses import dataclass

from lightkube.models.core_v1 import NodeSpec, NodeStatus, NodeSystemInfo, Taint
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import Node

from environments.address_plan import address_plan
from environments.capacity import node_disk_gib, node_room
from environments.catalog import EKS_VERSIONS, INSTANCE_TYPES
from environments.names import NODE_POOL_LABEL, Names
from environments.node_pools import NodePool
from environments.spec import CapacityType
from evalctl.rehearsal.cluster.kwok import ADDRESS_ANNOTATION, METRICS_PATH, NODE_ANNOTATION

ZONE_LABEL = "topology.kubernetes.io/zone"
# The EBS driver's own label of the same, which its volumes name.
EBS_ZONE_LABEL = "topology.ebs.csi.aws.com/zone"
NODE_GROUP_LABEL = "eks.amazonaws.com/nodegroup"

# AWS reserves the first four addresses of a subnet; load balancers and endpoints take a few more.
_FIRST_ADDRESS = 20


@dataclass(frozen=True, kw_only=True)
class NodeTemplate:
    """What makes the nodes of one environment."""

    names: Names

    def node(self, pool: NodePool, zone: str, number: int) -> Node:
        """`number` is that of no other node.

        EKS takes an on-demand group's first type. Spot capacity comes from whichever type EC2 has most of, so a spot
        group takes its types in turn; the rules require that they have the same size.
        """
        spot = pool.spec.capacity_type is CapacityType.SPOT
        types = pool.spec.instance_types
        instance_type = types[number % len(types)] if spot else types[0]
        name = self._host_name(zone, number)
        return Node(
            metadata=ObjectMeta(
                name=name,
                labels=self._labels(pool, zone, instance_type) | {"kubernetes.io/hostname": name},
                annotations={
                    NODE_ANNOTATION: "fake",
                    ADDRESS_ANNOTATION: self._address(zone, number),
                    "metrics.k8s.io/resource-metrics-path": METRICS_PATH.format(nodeName=name),
                },
            ),
            spec=NodeSpec(
                providerID=f"aws:///{zone}/i-{hashlib.sha256(name.encode()).hexdigest()[:17]}",
                taints=[Taint(key=NODE_POOL_LABEL, value=pool.name, effect="NoSchedule")]
                if pool.dedicated
                else None,
            ),
            status=self._status(instance_type, pool.spec.disk_gib),
        )

    def group(self, pool: NodePool) -> str:
        """The node group's name: the provider appends the time, which a rehearsal does not have."""
        return f"{pool.group_prefix}rehearsal"

    def _address(self, zone: str, number: int) -> str:
        """In the zone's private subnet."""
        env = self.names.env
        subnet = address_plan(env.network)[env.network.zones.index(zone)].private
        return str(subnet[_FIRST_ADDRESS + number])

    def _host_name(self, zone: str, number: int) -> str:
        """By the node's address, as EC2 names it."""
        address = self._address(zone, number).replace(".", "-")
        return f"ip-{address}.{self.names.env.account.region}.compute.internal"

    def _labels(self, pool: NodePool, zone: str, instance_type: str) -> dict[str, str]:
        return {
            "kubernetes.io/arch": "amd64",
            "kubernetes.io/os": "linux",
            "node.kubernetes.io/instance-type": instance_type,
            "topology.kubernetes.io/region": self.names.env.account.region,
            ZONE_LABEL: zone,
            EBS_ZONE_LABEL: zone,
            NODE_GROUP_LABEL: self.group(pool),
            "eks.amazonaws.com/capacityType": pool.spec.capacity_type,
            **pool.labels,
        }

    def _status(self, instance_type: str, disk_gib: int) -> NodeStatus:
        """Allocatable by the rules' own model of a node."""
        type_ = INSTANCE_TYPES[instance_type]
        room = node_room(type_)
        return NodeStatus(
            capacity={
                "cpu": str(type_.vcpus),
                "memory": f"{int(type_.memory_gib * 1024)}Mi",
                "pods": str(type_.most_pods),
                "ephemeral-storage": f"{disk_gib}Gi",
            },
            allocatable={
                "cpu": f"{room.cpu}m",
                "memory": f"{room.memory}Mi",
                "pods": str(type_.most_pods),
                "ephemeral-storage": f"{node_disk_gib(disk_gib)}Gi",
            },
            nodeInfo=NodeSystemInfo(
                architecture="amd64",
                bootID="",
                containerRuntimeVersion="kwok",
                kernelVersion="kwok",
                kubeProxyVersion=self._version(),
                kubeletVersion=self._version(),
                machineID="",
                operatingSystem="linux",
                osImage="Amazon Linux 2023",
                systemUUID="",
            ),
        )

    def _version(self) -> str:
        """The kubelet's, as in `v1.35.8`: that of the node release."""
        release = EKS_VERSIONS[self.names.env.cluster.kubernetes_version].node_release
        return f"v{release.partition('-')[0]}"
