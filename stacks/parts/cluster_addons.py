"""The cluster's EKS add-ons: those that nodes need to become ready, and those that need nodes."""

import json
from collections.abc import Mapping, Sequence

import cdktf
import constructs

from environments.catalog import EKS_VERSIONS
from environments.names import EBS_CSI_CONTROLLER, VPC_CNI, Names, Stack
from environments.spec import Compute
from stacks.aws import EksAddon, EksCluster, EksNodeGroup
from stacks.parts.pod_identity import pod_identity

# Of each container. Requests and the memory limits of CoreDNS and the EBS CSI driver are the add-ons'
# own defaults; where those leave one out, it is ours. The schemas named take them, and are older than
# our add-ons: `aws eks describe-addon-configuration --addon-name NAME --addon-version VERSION` shows one.

# EKS sets 100m and nothing else; schema of v1.28.8-eksbuild.5.
_KUBE_PROXY = Compute.of(cpu="100m", cpu_limit="500m", memory="64Mi", memory_limit="256Mi")
# The chart sets 25m, and gives what is said here to the init container and the policy agent as well
# (amazon-vpc-cni-k8s, charts/aws-vpc-cni/README.md: init.resources, nodeAgent.resources); schema of
# v1.15.1-eksbuild.1. aws-node lives on 48 MB (eksctl issue 4342); its policy agent, killed at 128 MiB,
# had grown to 500 where it had room (aws-network-policy-agent issue 213).
_VPC_CNI = Compute.of(cpu="25m", cpu_limit="500m", memory="64Mi", memory_limit="512Mi")
# Schema of v1.11.1-eksbuild.8.
_COREDNS = Compute.of(cpu="100m", cpu_limit="1000m", memory="70Mi", memory_limit="170Mi")
# The chart gives what is said of the controller and of the node to their sidecars as well; the schema
# takes no others (aws-ebs-csi-driver, charts/aws-ebs-csi-driver and issue 2371).
_EBS_CSI = Compute.of(cpu="10m", cpu_limit="200m", memory="40Mi", memory_limit="256Mi")


def addons_of_nodes(
    scope: constructs.Construct, *, names: Names, cluster: EksCluster
) -> list[EksAddon]:
    """One pod on every node; without them a node never becomes ready, and its group fails."""
    versions = EKS_VERSIONS[names.env.cluster.kubernetes_version]
    identity = pod_identity(
        scope,
        "vpc-cni",
        names=names,
        cluster=cluster,
        service_account=VPC_CNI,
        managed_policies=("AmazonEKS_CNI_Policy",),
    )
    # The only one without requests and limits: its chart takes them, for all but its init container
    # (eks-pod-identity-agent pull request 160), but of the add-on's schema no public copy shows it, and
    # EKS refuses an add-on for one key that its schema lacks.
    agent = _addon(scope, cluster, "eks-pod-identity-agent", versions.pod_identity_agent)
    return [
        agent,
        _addon(
            scope,
            cluster,
            "kube-proxy",
            versions.kube_proxy,
            configuration={"resources": _KUBE_PROXY.as_manifest()},
        ),
        _addon(
            scope,
            cluster,
            "vpc-cni",
            versions.vpc_cni,
            configuration={
                # Off, every NetworkPolicy would be accepted and ignored.
                "enableNetworkPolicy": "true",
                "resources": _VPC_CNI.as_manifest(),
            },
            depends_on=[identity, agent],
        ),
    ]


def addons_on_nodes(
    scope: constructs.Construct,
    *,
    names: Names,
    cluster: EksCluster,
    nodes: Sequence[EksNodeGroup],
) -> None:
    """Ordinary pods: EKS calls these add-ons degraded until there is a node to run them."""
    versions = EKS_VERSIONS[names.env.cluster.kubernetes_version]
    identity = pod_identity(
        scope,
        "ebs-csi-controller",
        names=names,
        cluster=cluster,
        service_account=EBS_CSI_CONTROLLER,
        managed_policies=("service-role/AmazonEBSCSIDriverPolicy",),
    )
    _addon(
        scope,
        cluster,
        "coredns",
        versions.coredns,
        configuration={"resources": _COREDNS.as_manifest()},
        depends_on=nodes,
    )
    _addon(
        scope,
        cluster,
        "aws-ebs-csi-driver",
        versions.ebs_csi_driver,
        configuration={
            "controller": {
                # Volumes that pods ask for are not Terraform's, so its default tags miss them.
                "extraVolumeTags": names.tags(Stack.CLUSTER),
                "resources": _EBS_CSI.as_manifest(),
            },
            "node": {"resources": _EBS_CSI.as_manifest()},
        },
        depends_on=[identity, *nodes],
    )


def _addon(
    scope: constructs.Construct,
    cluster: EksCluster,
    name: str,
    version: str,
    *,
    configuration: Mapping[str, object] | None = None,
    depends_on: Sequence[cdktf.ITerraformDependable] = (),
) -> EksAddon:
    return EksAddon(
        scope,
        f"{name}-addon",
        cluster_name=cluster.name,
        addon_name=name,
        addon_version=version,
        configuration_values=json.dumps(configuration) if configuration else None,
        # What is written here wins over what someone changed by hand.
        resolve_conflicts_on_create="OVERWRITE",
        resolve_conflicts_on_update="OVERWRITE",
        depends_on=list(depends_on) or None,
    )
