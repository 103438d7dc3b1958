"""What the orchestrator and the workers may do in AWS."""

import pytest

from environments.names import Bucket, Names, Stack
from environments.registry import ENVIRONMENTS
from tests.stacks.policies import granting, statements
from tests.support.each_environment import EACH_NAME
from tests.support.terraform import Stacks

NAMES = {env.name: Names(env) for env in ENVIRONMENTS}

pytestmark = EACH_NAME


def buckets(terraform: Stacks, name: str, role: str, action: str) -> set[str]:
    """The buckets on whose objects a role may do an action."""
    found = granting(statements(terraform[name][Stack.CLUSTER], role), action)
    return {
        resource.removesuffix("/*") for statement in found for resource in statement["Resource"]
    }


def arns(name: str, *expected: Bucket) -> set[str]:
    return {NAMES[name].bucket_arn(bucket) for bucket in expected}


def test_the_orchestrator_writes_datasets_and_reads_reports(terraform: Stacks, name: str) -> None:
    role = "orchestrator-role"
    assert buckets(terraform, name, role, "s3:PutObject") == arns(name, Bucket.DATASETS)
    assert buckets(terraform, name, role, "s3:GetObject") == arns(
        name, Bucket.DATASETS, Bucket.REPORTS
    )


def test_workers_write_reports_and_read_nothing(terraform: Stacks, name: str) -> None:
    role = "worker-role"
    assert buckets(terraform, name, role, "s3:GetObject") == set()
    assert buckets(terraform, name, role, "s3:PutObject") == arns(name, Bucket.REPORTS)


@pytest.mark.parametrize("role", ["orchestrator-role", "worker-role"])
def test_no_pod_deletes_data(terraform: Stacks, name: str, role: str) -> None:
    granted = {
        action
        for statement in statements(terraform[name][Stack.CLUSTER], role)
        for action in statement["Action"]
    }
    assert not [action for action in granted if "Delete" in action]


@pytest.mark.parametrize("role", ["orchestrator-role", "worker-role"])
def test_the_buckets_key_is_used_through_s3_only(terraform: Stacks, name: str, role: str) -> None:
    (key,) = granting(statements(terraform[name][Stack.CLUSTER], role), "kms:Decrypt")
    assert key["Condition"]["StringEquals"]["kms:ViaService"].startswith("s3.")
    (arn,) = key["Resource"]
    assert f"{name}-storage." in arn
