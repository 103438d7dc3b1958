"""In which order terraform creates and deletes: what AWS refuses, or what breaks, without a predecessor."""

import pytest

from environments.names import Stack
from tests.support.each_environment import EACH_NAME
from tests.support.terraform import Stacks, Terraform

POLICIES = ("aws_iam_role_policy", "aws_iam_role_policy_attachment")
# AWS refuses these in a VPC without an internet gateway, and does not detach a gateway while one exists
# (EC2 API reference: error codes Gateway.NotAttached and DependencyViolation; the provider's pages of
# aws_nat_gateway and aws_eip recommend the dependency).
NEED_AN_INTERNET_GATEWAY = ("aws_eip", "aws_eip_association", "aws_nat_gateway")
# What acts with a role at once, or until it is deleted.
ACT_WITH_A_ROLE = {
    "aws_backup_selection",
    "aws_db_instance",
    "aws_eks_cluster",
    "aws_eks_node_group",
    "aws_eks_pod_identity_association",
    "aws_flow_log",
    "aws_iam_instance_profile",
}


def policies_of(stack: Terraform, role: str) -> set[str]:
    return {policy for policy in stack.addresses(*POLICIES) if role in stack.uses(policy)}


def users_of(stack: Terraform, role: str) -> list[str]:
    """The resources that name the role and are not its policies."""
    return [
        address
        for address in stack.addresses()
        if role in stack.uses(address) and address not in policies_of(stack, role)
    ]


@EACH_NAME
def test_whatever_faces_the_internet_waits_for_the_internet_gateway(
    terraform: Stacks, name: str
) -> None:
    stack = terraform[name][Stack.NETWORK]
    (gateway,) = stack.addresses("aws_internet_gateway")
    facing = stack.addresses(*NEED_AN_INTERNET_GATEWAY)
    assert {address.partition(".")[0] for address in facing} == {"aws_eip", "aws_nat_gateway"}
    assert [address for address in facing if gateway not in stack.waits_for(address)] == []


@EACH_NAME
def test_no_stack_without_the_gateway_makes_what_needs_one(terraform: Stacks, name: str) -> None:
    for stack in Stack:
        if stack is not Stack.NETWORK:
            assert terraform[name][stack].addresses(*NEED_AN_INTERNET_GATEWAY) == []


@EACH_NAME
@pytest.mark.parametrize("stack", list(Stack))
def test_a_resource_that_acts_with_a_role_waits_for_all_of_the_roles_policies(
    terraform: Stacks, name: str, stack: Stack
) -> None:
    document = terraform[name][stack]
    missing = {
        user: policies
        for role in document.addresses("aws_iam_role")
        for user in users_of(document, role)
        if (policies := policies_of(document, role) - document.waits_for(user))
    }
    assert missing == {}


@EACH_NAME
def test_every_kind_of_resource_that_acts_with_a_role_is_among_them(
    terraform: Stacks, name: str
) -> None:
    found = {
        user.partition(".")[0]
        for stack in terraform[name].values()
        for role in stack.addresses("aws_iam_role")
        for user in users_of(stack, role)
    }
    assert found == ACT_WITH_A_ROLE


@EACH_NAME
def test_the_network_plugin_keeps_its_rights_until_the_last_node_is_gone(
    terraform: Stacks, name: str
) -> None:
    stack = terraform[name][Stack.CLUSTER]
    rights = policies_of(stack, "aws_iam_role.vpc-cni-role")
    assert rights
    for group in stack.addresses("aws_eks_node_group"):
        assert rights <= stack.waits_for(group)


@EACH_NAME
def test_a_clickhouse_node_has_its_rights_when_it_starts(terraform: Stacks, name: str) -> None:
    stack = terraform[name][Stack.CLICKHOUSE]
    for node in stack.addresses("aws_instance"):
        assert stack.waits_for(node) & set(stack.addresses(*POLICIES))
