"""The add-ons: pinned versions, requests and limits, and the order in which they are created."""

import json
import re

from environments.catalog import EKS_VERSIONS
from environments.names import Stack
from environments.registry import ENVIRONMENTS
from tests.support.each_environment import EACH_NAME
from tests.support.terraform import Body, Stacks, Terraform

BY_NAME = {env.name: env for env in ENVIRONMENTS}
NODE_GROUPS = {"aws_eks_node_group.general", "aws_eks_node_group.workers-spot"}

pytestmark = EACH_NAME


def addons(stack: Terraform) -> dict[str, Body]:
    return {addon["addon_name"]: addon for addon in stack.resources("aws_eks_addon").values()}


def test_every_addon_has_the_version_for_its_kubernetes_version(
    terraform: Stacks, name: str
) -> None:
    versions = EKS_VERSIONS[BY_NAME[name].cluster.kubernetes_version]
    found = addons(terraform[name][Stack.CLUSTER])
    assert {addon: body["addon_version"] for addon, body in found.items()} == {
        "vpc-cni": versions.vpc_cni,
        "coredns": versions.coredns,
        "kube-proxy": versions.kube_proxy,
        "aws-ebs-csi-driver": versions.ebs_csi_driver,
        "eks-pod-identity-agent": versions.pod_identity_agent,
    }


def test_no_unmanaged_copy_of_an_addon_runs(terraform: Stacks, name: str) -> None:
    cluster = terraform[name][Stack.CLUSTER].only("aws_eks_cluster")
    assert cluster["bootstrap_self_managed_addons"] is False


def test_network_policies_are_enforced(terraform: Stacks, name: str) -> None:
    cni = addons(terraform[name][Stack.CLUSTER])["vpc-cni"]
    assert json.loads(cni["configuration_values"])["enableNetworkPolicy"] == "true"


def test_every_container_that_an_addon_sizes_has_requests_and_limits(
    terraform: Stacks, name: str
) -> None:
    """Except the Pod Identity agent's, for the reason in `stacks/parts/cluster_addons.py`."""
    found = {
        addon: json.loads(body.get("configuration_values", "{}"))
        for addon, body in addons(terraform[name][Stack.CLUSTER]).items()
    }
    assert found.pop("eks-pod-identity-agent") == {}
    driver = found.pop("aws-ebs-csi-driver")
    for sized in (*found.values(), driver["controller"], driver["node"]):
        resources = sized["resources"]
        assert set(resources) == {"requests", "limits"}
        for amount in resources.values():
            assert re.fullmatch(r"[1-9]\d*m", amount["cpu"])
            assert re.fullmatch(r"[1-9]\d*Mi", amount["memory"])


def test_the_network_plugins_memory_limit_fits_a_growing_policy_agent(
    terraform: Stacks, name: str
) -> None:
    """Plugin and agent have the same limit; the agent was killed at 128 MiB (aws-network-policy-agent 213)."""
    cni = addons(terraform[name][Stack.CLUSTER])["vpc-cni"]
    limit = json.loads(cni["configuration_values"])["resources"]["limits"]["memory"]
    assert int(limit.removesuffix("Mi")) >= 512


def test_nodes_are_created_after_the_addons_that_make_them_ready(
    terraform: Stacks, name: str
) -> None:
    for group in terraform[name][Stack.CLUSTER].resources("aws_eks_node_group").values():
        assert {
            "aws_eks_addon.vpc-cni-addon",
            "aws_eks_addon.kube-proxy-addon",
            "aws_eks_addon.eks-pod-identity-agent-addon",
        } <= set(group["depends_on"])


def test_addons_that_are_pods_wait_for_nodes(terraform: Stacks, name: str) -> None:
    found = addons(terraform[name][Stack.CLUSTER])
    for addon in ("coredns", "aws-ebs-csi-driver"):
        assert set(found[addon]["depends_on"]) >= NODE_GROUPS


def test_addons_are_created_after_their_roles(terraform: Stacks, name: str) -> None:
    found = addons(terraform[name][Stack.CLUSTER])
    for addon, identity in (
        ("vpc-cni", "vpc-cni-identity"),
        ("aws-ebs-csi-driver", "ebs-csi-controller-identity"),
    ):
        assert f"aws_eks_pod_identity_association.{identity}" in found[addon]["depends_on"]


def test_volumes_of_pods_have_the_cost_tags(terraform: Stacks, name: str) -> None:
    driver = addons(terraform[name][Stack.CLUSTER])["aws-ebs-csi-driver"]
    tags = json.loads(driver["configuration_values"])["controller"]["extraVolumeTags"]
    assert {"Environment", "Component", "Owner", "CostCenter"} <= set(tags)


def test_addons_replace_manual_changes(terraform: Stacks, name: str) -> None:
    for addon in addons(terraform[name][Stack.CLUSTER]).values():
        assert addon["resolve_conflicts_on_create"] == "OVERWRITE"
        assert addon["resolve_conflicts_on_update"] == "OVERWRITE"
