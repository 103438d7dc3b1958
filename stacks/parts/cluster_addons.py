"""The cluster's EKS add-ons: those that a node needs to become ready, and those that need nodes."""

import json
from collections.abc import Mapping, Sequence

import cdktf
import constructs

from environments import eks_addons
from environments.catalog import EKS_VERSIONS
from environments.names import EBS_CSI_CONTROLLER, VPC_CNI, Names, Stack
from stacks import aws
from stacks.parts.pod_identity import pod_identity


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
            configuration={"resources": _resources(eks_addons.KUBE_PROXY)},
        ),
        _addon(
            scope,
            cluster,
            "vpc-cni",
            versions.vpc_cni,
            configuration={
                # Without it, every NetworkPolicy would be accepted and have no effect.
                "enableNetworkPolicy": "true",
                "resources": _resources(eks_addons.AWS_NODE),
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
        configuration={"resources": _resources(eks_addons.COREDNS)},
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
                "resources": _resources(eks_addons.EBS_CSI_CONTROLLER),
            },
            "node": {"resources": _resources(eks_addons.EBS_CSI_NODE)},
        },
        depends_on=[identity, *nodes],
    )


def _resources(pod: eks_addons.EksAddonPod) -> dict[str, dict[str, str]]:
    assert pod.compute is not None, f"{pod.name} has no requests"
    return pod.compute.as_manifest()


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
