"""The cluster's EKS add-ons: those that a node needs to become ready, and those that need nodes."""

import json
from collections.abc import Mapping, Sequence

import cdktf
import constructs

from environments.catalog import EKS_VERSIONS
from environments.names import EBS_CSI_CONTROLLER, VPC_CNI, Names, Stack
from environments.spec import Compute
from stacks import aws
from stacks.parts.pod_identity import pod_identity

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


def addons_of_nodes(
    scope: constructs.Construct, *, names: Names, cluster: aws.EksCluster
) -> list[aws.EksAddon]:
    """One pod on every node; without them no node becomes ready, and the node group fails."""
    versions = EKS_VERSIONS[names.env.cluster.kubernetes_version]
    identity = pod_identity(
        scope,
        "vpc-cni",
        names=names,
        cluster=cluster,
        service_account=VPC_CNI,
        managed_policies=("AmazonEKS_CNI_Policy",),
    )
    # The only one without requests and limits. Its chart accepts them, except for its init container
    # (eks-pod-identity-agent pull request 160). No public copy of the add-on's schema shows that the
    # add-on accepts them, and EKS refuses an add-on for one key that its schema lacks.
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
                # Without it, every NetworkPolicy would be accepted and have no effect.
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
    cluster: aws.EksCluster,
    nodes: Sequence[aws.EksNodeGroup],
) -> None:
    """Ordinary pods: EKS reports these add-ons as degraded until a node runs them."""
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
                # Terraform does not create the volumes of pods, so its default tags miss them.
                "extraVolumeTags": names.tags(Stack.CLUSTER),
                "resources": _EBS_CSI.as_manifest(),
            },
            "node": {"resources": _EBS_CSI.as_manifest()},
        },
        depends_on=[identity, *nodes],
    )


def _addon(
    scope: constructs.Construct,
    cluster: aws.EksCluster,
    name: str,
    version: str,
    *,
    configuration: Mapping[str, object] | None = None,
    depends_on: Sequence[cdktf.ITerraformDependable] = (),
) -> aws.EksAddon:
    return aws.EksAddon(
        scope,
        f"{name}-addon",
        cluster_name=cluster.name,
        addon_name=name,
        addon_version=version,
        configuration_values=json.dumps(configuration) if configuration else None,
        # These values replace manual changes.
        resolve_conflicts_on_create="OVERWRITE",
        resolve_conflicts_on_update="OVERWRITE",
        depends_on=list(depends_on) or None,
    )
