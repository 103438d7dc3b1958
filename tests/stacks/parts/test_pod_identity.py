"""Which pods get which AWS role."""

import json

from environments import names
from environments.names import Names, ServiceAccount, Stack
from environments.registry import ENVIRONMENTS
from tests.stacks.policies import statements, trust_statements
from tests.support.each_environment import EACH_NAME
from tests.support.terraform import Stacks, Terraform

BY_NAME = {env.name: env for env in ENVIRONMENTS}
INLINE_POLICY_LIMIT = (
    10_240  # characters without white space, all inline policies of a role (IAM quotas)
)

pytestmark = EACH_NAME


def roles_by_service_account(stack: Terraform) -> dict[ServiceAccount, str]:
    """Service account → id of the role that its pods get."""
    return {
        ServiceAccount(found["namespace"], found["service_account"]): found["role_arn"]
        .removeprefix("${aws_iam_role.")
        .removesuffix(".arn}")
        for found in stack.resources("aws_eks_pod_identity_association").values()
    }


def test_every_service_account_has_a_role(terraform: Stacks, name: str) -> None:
    known = {value for value in vars(names).values() if isinstance(value, ServiceAccount)}
    assert set(roles_by_service_account(terraform[name][Stack.CLUSTER])) == known


def test_no_two_service_accounts_share_a_role(terraform: Stacks, name: str) -> None:
    roles = roles_by_service_account(terraform[name][Stack.CLUSTER])
    assert len(set(roles.values())) == len(roles)


def test_a_role_is_for_one_service_account_of_one_cluster(terraform: Stacks, name: str) -> None:
    stack = terraform[name][Stack.CLUSTER]
    for service_account, role in roles_by_service_account(stack).items():
        (trust,) = trust_statements(stack, role)
        assert trust["Principal"] == {"Service": ["pods.eks.amazonaws.com"]}
        assert set(trust["Action"]) == {"sts:AssumeRole", "sts:TagSession"}
        assert trust["Condition"]["StringEquals"] == {
            "aws:SourceAccount": BY_NAME[name].account.id,
            "aws:RequestTag/eks-cluster-arn": Names(BY_NAME[name]).cluster_arn,
            "aws:RequestTag/kubernetes-namespace": service_account.namespace,
            "aws:RequestTag/kubernetes-service-account": service_account.name,
        }


def test_aws_managed_policies_are_only_for_awss_own_addons(terraform: Stacks, name: str) -> None:
    stack = terraform[name][Stack.CLUSTER]
    attachments = stack.resources("aws_iam_role_policy_attachment").values()
    managed = {
        service_account: attachment["policy_arn"]
        for service_account, role in roles_by_service_account(stack).items()
        for attachment in attachments
        if attachment["role"] == f"${{aws_iam_role.{role}.name}}"
    }
    assert managed == {
        names.VPC_CNI: "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy",
        names.EBS_CSI_CONTROLLER: "arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy",
    }


def test_no_role_allows_all_actions_of_a_service(terraform: Stacks, name: str) -> None:
    stack = terraform[name][Stack.CLUSTER]
    for policy in stack.resources("aws_iam_role_policy"):
        for statement in statements(stack, policy.removesuffix("-policy")):
            assert not [action for action in statement["Action"] if "*" in action]


def test_policies_fit_into_what_iam_allows(terraform: Stacks, name: str) -> None:
    stack = terraform[name][Stack.CLUSTER]
    for policy in stack.resources("aws_iam_role_policy").values():
        written = json.dumps(json.loads(policy["policy"]), separators=(",", ":"))
        assert len(written) < INLINE_POLICY_LIMIT
