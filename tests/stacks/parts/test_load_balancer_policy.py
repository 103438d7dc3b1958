"""What the AWS Load Balancer Controller may change."""

import re

from environments.names import Stack
from environments.registry import ENVIRONMENTS
from tests.stacks.policies import granting, statements
from tests.support.each_environment import EACH_NAME
from tests.support.terraform import Body, Stacks

ACCOUNTS = {env.name: env.account.id for env in ENVIRONMENTS}
TAG = "elbv2.k8s.aws/cluster"

pytestmark = EACH_NAME


def policy(terraform: Stacks, name: str) -> list[Body]:
    return statements(terraform[name][Stack.CLUSTER], "load-balancer-controller-role")


def equalities(statement: Body) -> dict[str, str]:
    found: dict[str, str] = statement.get("Condition", {}).get("StringEquals", {})
    return found


def test_actions_allowed_on_all_resources_only_read(terraform: Stacks, name: str) -> None:
    for statement in policy(terraform, name):
        if "*" in statement["Resource"]:
            changes = [a for a in statement["Action"] if not re.search(r":(Describe|Get|List)", a)]
            assert changes == []


def test_it_changes_load_balancers_of_this_cluster_only(terraform: Stacks, name: str) -> None:
    for action in (
        "elasticloadbalancing:DeleteLoadBalancer",
        "elasticloadbalancing:SetSecurityGroups",
        "elasticloadbalancing:CreateListener",
        "elasticloadbalancing:DeleteTargetGroup",
        "elasticloadbalancing:RegisterTargets",
        "ec2:DeleteSecurityGroup",
    ):
        found = granting(policy(terraform, name), action)
        assert found
        for statement in found:
            assert equalities(statement)[f"aws:ResourceTag/{TAG}"] == f"ai-eval-platform-{name}"


def test_resources_that_it_makes_have_the_cluster_tag(terraform: Stacks, name: str) -> None:
    for action in (
        "elasticloadbalancing:CreateLoadBalancer",
        "elasticloadbalancing:CreateTargetGroup",
    ):
        (statement,) = granting(policy(terraform, name), action)
        assert equalities(statement)[f"aws:RequestTag/{TAG}"] == f"ai-eval-platform-{name}"


def test_it_cannot_put_the_cluster_tag_on_other_resources(terraform: Stacks, name: str) -> None:
    """The other permissions depend on the tag; a role that can tag any resource can change it."""
    taggable = ("ec2:CreateTags", "elasticloadbalancing:AddTags")
    for statement in policy(terraform, name):
        resources = " ".join(statement["Resource"])
        if not set(taggable) & set(statement["Action"]) or "listener" in resources:
            continue
        equal = equalities(statement)
        if f"aws:ResourceTag/{TAG}" in equal:
            assert statement["Condition"]["Null"] == {f"aws:RequestTag/{TAG}": "true"}
        else:
            assert any(key.endswith(":CreateAction") for key in equal)


def test_it_changes_only_its_own_security_groups_and_the_nodes(
    terraform: Stacks, name: str
) -> None:
    for statement in granting(policy(terraform, name), "ec2:AuthorizeSecurityGroupIngress"):
        if f"aws:ResourceTag/{TAG}" not in equalities(statement):
            (group,) = statement["Resource"]
            assert group.endswith(
                "security-group/${aws_eks_cluster.cluster.vpc_config[0].cluster_security_group_id}"
            )


def test_it_can_reorder_rules(terraform: Stacks, name: str) -> None:
    """Policies older than 2.12 lack it; without it, an ingress with two rules cannot be changed."""
    assert granting(policy(terraform, name), "elasticloadbalancing:SetRulePriorities")


def test_nothing_it_changes_is_in_another_account(terraform: Stacks, name: str) -> None:
    account = ACCOUNTS[name]
    for statement in policy(terraform, name):
        for resource in statement["Resource"]:
            assert resource == "*" or f":{account}:" in resource


def test_it_changes_no_protection_and_reads_no_password(terraform: Stacks, name: str) -> None:
    granted = {action for statement in policy(terraform, name) for action in statement["Action"]}
    assert "shield:DeleteProtection" not in granted
    assert "waf-regional:DisassociateWebACL" not in granted
    assert "cognito-idp:DescribeUserPoolClient" not in granted
