"""What the External Secrets Operator and the cluster autoscaler may do in AWS."""

import re

from environments.names import KUBERNETES_SECRETS, Secret, Stack
from tests.stacks.policies import granting, statements
from tests.support.each_environment import EACH_NAME
from tests.support.terraform import Stacks, Terraform

pytestmark = EACH_NAME


def readable_secrets(stack: Terraform) -> set[str]:
    (reading,) = granting(
        statements(stack, "external-secrets-role"), "secretsmanager:GetSecretValue"
    )
    return {
        found[1] if (found := re.search(r"aws_secretsmanager_secret(.+)arn}$", arn)) else arn
        for arn in reading["Resource"]
    }


def test_the_operator_reads_only_the_clusters_secrets(terraform: Stacks, name: str) -> None:
    assert readable_secrets(terraform[name][Stack.CLUSTER]) == set(KUBERNETES_SECRETS)


def test_the_private_key_of_the_ca_stays_out_of_the_cluster(terraform: Stacks, name: str) -> None:
    found = readable_secrets(terraform[name][Stack.CLUSTER])
    assert Secret.CLICKHOUSE_CA in found
    assert Secret.CLICKHOUSE_CA_KEY not in found


def test_the_operator_cannot_write_secrets(terraform: Stacks, name: str) -> None:
    granted = {
        action
        for statement in statements(terraform[name][Stack.CLUSTER], "external-secrets-role")
        for action in statement["Action"]
    }
    assert granted == {
        "secretsmanager:GetSecretValue",
        "secretsmanager:DescribeSecret",
        "kms:Decrypt",
    }


def test_the_operator_decrypts_through_secrets_manager_only(terraform: Stacks, name: str) -> None:
    (decrypting,) = granting(
        statements(terraform[name][Stack.CLUSTER], "external-secrets-role"), "kms:Decrypt"
    )
    (via,) = decrypting["Condition"]["StringEquals"].values()
    assert via.startswith("secretsmanager.")
    (key,) = decrypting["Resource"]
    assert f"{name}-secrets." in key


def test_the_autoscaler_resizes_this_clusters_groups_only(terraform: Stacks, name: str) -> None:
    found = statements(terraform[name][Stack.CLUSTER], "cluster-autoscaler-role")
    changing = [
        statement
        for statement in found
        if any(not re.search(r":(Describe|Get)", action) for action in statement["Action"])
    ]
    assert [statement["Condition"] for statement in changing] == [
        {
            "StringEquals": {
                f"aws:ResourceTag/k8s.io/cluster-autoscaler/ai-eval-platform-{name}": "owned"
            }
        }
    ]
    assert set(changing[0]["Action"]) == {
        "autoscaling:SetDesiredCapacity",
        "autoscaling:TerminateInstanceInAutoScalingGroup",
    }


def test_the_cloudwatch_exporter_reads_metrics_and_nothing_else(
    terraform: Stacks, name: str
) -> None:
    (statement,) = statements(terraform[name][Stack.CLUSTER], "cloudwatch-exporter-role")
    assert set(statement["Action"]) == {"cloudwatch:GetMetricData", "cloudwatch:ListMetrics"}
