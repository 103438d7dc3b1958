"""The cluster's EKS add-ons: those that nodes need to become ready, and those that need nodes."""

import json
from collections.abc import Sequence

import cdktf
import constructs

from environments.catalog import EKS_VERSIONS
from environments.names import EBS_CSI_CONTROLLER, VPC_CNI, Names, Stack
from stacks.aws import EksAddon, EksCluster, EksNodeGroup
from stacks.pod_identity import pod_identity


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
    agent = _addon(scope, cluster, "eks-pod-identity-agent", versions.pod_identity_agent)
    return [
        agent,
        _addon(scope, cluster, "kube-proxy", versions.kube_proxy),
        _addon(
            scope,
            cluster,
            "vpc-cni",
            versions.vpc_cni,
            # Off, every NetworkPolicy would be accepted and ignored.
            configuration=json.dumps({"enableNetworkPolicy": "true"}),
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
    _addon(scope, cluster, "coredns", versions.coredns, depends_on=nodes)
    _addon(
        scope,
        cluster,
        "aws-ebs-csi-driver",
        versions.ebs_csi_driver,
        # Volumes that pods ask for are not Terraform's, so its default tags miss them.
        configuration=json.dumps({"controller": {"extraVolumeTags": names.tags(Stack.CLUSTER)}}),
        depends_on=[identity, *nodes],
    )


def _addon(
    scope: constructs.Construct,
    cluster: EksCluster,
    name: str,
    version: str,
    *,
    configuration: str | None = None,
    depends_on: Sequence[cdktf.ITerraformDependable] = (),
) -> EksAddon:
    return EksAddon(
        scope,
        f"{name}-addon",
        cluster_name=cluster.name,
        addon_name=name,
        addon_version=version,
        configuration_values=configuration,
        # What is written here wins over what someone changed by hand.
        resolve_conflicts_on_create="OVERWRITE",
        resolve_conflicts_on_update="OVERWRITE",
        depends_on=list(depends_on) or None,
    )
