"""The pods that EKS add-ons run: how many, with which containers, and what each container requests.

The cluster stack configures the add-ons with it, the capacity rules count it, and a rehearsal runs stand-ins of it.
"""

from dataclasses import dataclass

from environments.spec import Compute

# Requests and limits of each container. The requests, and the memory limits of CoreDNS and the EBS
# CSI driver, are the add-ons' defaults; the other limits are ours. The schemas named below accept
# them and are older than our add-ons:
# `aws eks describe-addon-configuration --addon-name NAME --addon-version VERSION` shows a schema.

# EKS sets only 100m; schema of v1.28.8-eksbuild.5.
_KUBE_PROXY = Compute.of(cpu="100m", cpu_limit="500m", memory="64Mi", memory_limit="256Mi")
# The chart sets 25m, and gives these values to the init container and the policy agent as well
# (amazon-vpc-cni-k8s, charts/aws-vpc-cni/README.md: init.resources, nodeAgent.resources); schema of
# v1.15.1-eksbuild.1. aws-node uses 48 MB (eksctl issue 4342). Its policy agent was killed at 128 MiB
# and used 500 with a higher limit (aws-network-policy-agent issue 213).
_VPC_CNI = Compute.of(cpu="25m", cpu_limit="500m", memory="64Mi", memory_limit="512Mi")
# Schema of v1.11.1-eksbuild.8.
_COREDNS = Compute.of(cpu="100m", cpu_limit="1000m", memory="70Mi", memory_limit="170Mi")
# The chart gives the controller's and the node's values to their sidecars as well; the schema accepts
# no others (aws-ebs-csi-driver, charts/aws-ebs-csi-driver and issue 2371).
_EBS_CSI = Compute.of(cpu="10m", cpu_limit="200m", memory="40Mi", memory_limit="256Mi")


@dataclass(frozen=True, kw_only=True)
class EksAddonPod:
    """The equal pods of one workload of an add-on; all containers have the same requests."""

    name: str
    addon: str
    part: str | None  # the key of the add-on's configuration that holds this workload's values
    containers: tuple[str, ...]
    compute: Compute | None  # None: EKS gives the containers no requests
    replicas: int | None  # None: one on each node


KUBE_PROXY = EksAddonPod(
    name="kube-proxy",
    addon="kube-proxy",
    part=None,
    containers=("kube-proxy",),
    compute=_KUBE_PROXY,
    replicas=None,
)
# With its network policy agent.
AWS_NODE = EksAddonPod(
    name="aws-node",
    addon="vpc-cni",
    part=None,
    containers=("aws-node", "aws-eks-nodeagent"),
    compute=_VPC_CNI,
    replicas=None,
)
POD_IDENTITY_AGENT = EksAddonPod(
    name="eks-pod-identity-agent",
    addon="eks-pod-identity-agent",
    part=None,
    containers=("eks-pod-identity-agent",),
    compute=None,
    replicas=None,
)
EBS_CSI_NODE = EksAddonPod(
    name="ebs-csi-node",
    addon="aws-ebs-csi-driver",
    part="node",
    containers=("ebs-plugin", "node-driver-registrar", "liveness-probe"),
    compute=_EBS_CSI,
    replicas=None,
)
COREDNS = EksAddonPod(
    name="coredns",
    addon="coredns",
    part=None,
    containers=("coredns",),
    compute=_COREDNS,
    replicas=2,
)
EBS_CSI_CONTROLLER = EksAddonPod(
    name="ebs-csi-controller",
    addon="aws-ebs-csi-driver",
    part="controller",
    containers=(
        "ebs-plugin",
        "csi-provisioner",
        "csi-attacher",
        "csi-snapshotter",
        "csi-resizer",
        "liveness-probe",
    ),
    compute=_EBS_CSI,
    replicas=2,
)

DAEMONS = (KUBE_PROXY, AWS_NODE, POD_IDENTITY_AGENT, EBS_CSI_NODE)
# The taint of spot nodes keeps them on the general pool.
DEPLOYMENTS = (COREDNS, EBS_CSI_CONTROLLER)
