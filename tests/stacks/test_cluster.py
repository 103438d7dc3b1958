"""The EKS control plane and who may administer it."""

from dataclasses import replace
from pathlib import Path

from environments.dev import DEV
from environments.names import Names, Stack
from environments.prod import PROD
from environments.registry import ENVIRONMENTS
from stacks.app import build
from tests.stacks.policies import allowed, boundary_statements, statements
from tests.support.each_environment import EACH_NAME
from tests.support.terraform import Stacks, Terraform

BY_NAME = {env.name: env for env in ENVIRONMENTS}


@EACH_NAME
def test_the_cluster_is_named_after_its_environment(terraform: Stacks, name: str) -> None:
    cluster = terraform[name][Stack.CLUSTER].only("aws_eks_cluster")
    assert cluster["name"] == f"ai-eval-platform-{name}"


@EACH_NAME
def test_the_control_plane_is_reachable_through_private_subnets(
    terraform: Stacks, name: str
) -> None:
    network = terraform[name][Stack.CLUSTER].only("aws_eks_cluster")["vpc_config"]
    assert network["endpoint_private_access"] is True
    assert len(network["subnet_ids"]) == len(BY_NAME[name].network.zones)
    assert all("private-subnet" in subnet for subnet in network["subnet_ids"])


@EACH_NAME
def test_the_api_is_public_for_listed_addresses_only(terraform: Stacks, name: str) -> None:
    network = terraform[name][Stack.CLUSTER].only("aws_eks_cluster")["vpc_config"]
    listed = list(BY_NAME[name].cluster.public_access_cidrs)
    assert network["endpoint_public_access"] is bool(listed)
    assert network.get("public_access_cidrs", []) == listed
    assert "0.0.0.0/0" not in listed


def test_without_public_networks_the_api_is_private(tmp_path: Path) -> None:
    cluster = replace(PROD.cluster, public_access_cidrs=(), private_access_cidrs=("10.250.0.0/24",))
    build([replace(PROD, cluster=cluster)], outdir=tmp_path).synth()
    stack = Terraform.read(tmp_path / "stacks" / f"prod-{Stack.CLUSTER}" / "cdk.tf.json")
    network = stack.only("aws_eks_cluster")["vpc_config"]
    assert network["endpoint_public_access"] is False
    assert stack.resources("aws_vpc_security_group_ingress_rule")


@EACH_NAME
def test_the_listed_private_networks_reach_the_api(terraform: Stacks, name: str) -> None:
    rules = terraform[name][Stack.CLUSTER].resources("aws_vpc_security_group_ingress_rule")
    listed = BY_NAME[name].cluster.private_access_cidrs
    assert [rule["cidr_ipv4"] for rule in rules.values()] == list(listed)
    for rule in rules.values():
        assert rule["security_group_id"] == (
            "${aws_eks_cluster.cluster.vpc_config[0].cluster_security_group_id}"
        )
        assert (rule["ip_protocol"], rule["from_port"], rule["to_port"]) == ("tcp", 443, 443)
        assert rule["cidr_ipv4"] in rule["description"]


def test_an_iam_identity_center_role_can_administer_with_its_path(tmp_path: Path) -> None:
    path = "aws-reserved/sso.amazonaws.com/us-east-1"
    role = "AWSReservedSSO_PlatformAdmin_0123456789abcdef"
    cluster = replace(DEV.cluster, admin_role_names=(f"{path}/{role}",))
    build([replace(DEV, cluster=cluster)], outdir=tmp_path).synth()
    stack = Terraform.read(tmp_path / "stacks" / f"dev-{Stack.CLUSTER}" / "cdk.tf.json")
    entry = stack.resource("aws_eks_access_entry", f"admin-{role}")
    assert entry["principal_arn"] == f"arn:aws:iam::{DEV.account.id}:role/{path}/{role}"


@EACH_NAME
def test_kubernetes_secrets_are_encrypted_with_a_rotating_key(terraform: Stacks, name: str) -> None:
    stack = terraform[name][Stack.CLUSTER]
    encryption = stack.only("aws_eks_cluster")["encryption_config"]
    assert encryption["resources"] == ["secrets"]
    assert encryption["provider"]["key_arn"] == "${aws_kms_key.secrets-key.arn}"
    assert stack.resource("aws_kms_key", "secrets-key")["enable_key_rotation"] is True


@EACH_NAME
def test_every_control_plane_log_goes_to_a_group_made_before_the_cluster(
    terraform: Stacks, name: str
) -> None:
    stack = terraform[name][Stack.CLUSTER]
    cluster, group = stack.only("aws_eks_cluster"), stack.only("aws_cloudwatch_log_group")
    assert set(cluster["enabled_cluster_log_types"]) == {
        "api",
        "audit",
        "authenticator",
        "controllerManager",
        "scheduler",
    }
    assert group["name"] == f"/aws/eks/{cluster['name']}/cluster"
    assert group["retention_in_days"] == BY_NAME[name].cluster.log_retention_days
    assert group["kms_key_id"]
    # If the group were made later, EKS would already have made one with its name.
    assert "aws_cloudwatch_log_group.log-group" in cluster["depends_on"]


@EACH_NAME
def test_only_the_named_roles_administer_the_cluster(terraform: Stacks, name: str) -> None:
    stack = terraform[name][Stack.CLUSTER]
    access = stack.only("aws_eks_cluster")["access_config"]
    assert access == {
        "authentication_mode": "API",
        "bootstrap_cluster_creator_admin_permissions": False,
    }
    names = Names(BY_NAME[name])
    entries = stack.resources("aws_eks_access_entry").values()
    assert {entry["principal_arn"] for entry in entries} == {
        names.role_arn(role) for role in BY_NAME[name].cluster.admin_role_names
    }
    policies = stack.resources("aws_eks_access_policy_association").values()
    assert len(policies) == len(entries)
    assert {policy["policy_arn"].rpartition("/")[2] for policy in policies} == {
        "AmazonEKSClusterAdminPolicy"
    }


@EACH_NAME
def test_the_cluster_never_enters_paid_extended_support(terraform: Stacks, name: str) -> None:
    cluster = terraform[name][Stack.CLUSTER].only("aws_eks_cluster")
    assert cluster["version"] == BY_NAME[name].cluster.kubernetes_version
    assert cluster["upgrade_policy"] == {"support_type": "STANDARD"}


@EACH_NAME
def test_other_clusters_cannot_use_the_cluster_role(terraform: Stacks, name: str) -> None:
    role = terraform[name][Stack.CLUSTER].resource("aws_iam_role", "cluster-role")
    assert Names(BY_NAME[name]).cluster_arn in role["assume_role_policy"]


@EACH_NAME
def test_the_health_check_of_the_secrets_key_may_list_its_grants(
    terraform: Stacks, name: str
) -> None:
    """EKS calls it every hour with the cluster's role, and each refusal is an event of the trail."""
    stack = terraform[name][Stack.CLUSTER]
    key = stack.only("aws_eks_cluster")["encryption_config"]["provider"]["key_arn"]
    for found in (
        statements(stack, "cluster-role"),
        boundary_statements(terraform[name][Stack.STATE]),
    ):
        in_region = {"aws:RequestedRegion": BY_NAME[name].account.region}
        assert allowed(found, "kms:ListGrants", resource=key, request=in_region)
