"""The checks of the AWS half; `evalctl rehearse` runs them with the real terraform."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from environments.dev import DEV
from environments.names import PLATFORM, Stack
from evalctl.rehearsal import checks
from evalctl.rehearsal.checks import nothing_left, promised_account, second_plan
from evalctl.rehearsal.emulated_environment import EmulatedEnvironment
from evalctl.rehearsal.emulator import EmulatedAws, emulated_aws
from evalctl.rehearsal.leftovers import leftovers
from evalctl.rehearsal.terraform import Terraform, TerraformError
from evalctl.rehearsal.verification import Fact
from evalctl.rehearsal.working_directory import WorkingDirectory, copy_stacks

TAG = {"Key": "Platform", "Value": PLATFORM}


@dataclass(frozen=True)
class Plans(Terraform):
    """Plans without terraform: the given stacks change, or fail."""

    plans: dict[Stack, str | TerraformError]

    async def changes(self, directory: WorkingDirectory) -> str | None:
        plan = self.plans.get(directory.stack)
        if isinstance(plan, TerraformError):
            raise plan
        return plan


@pytest.fixture
def directories(rendered: Path, tmp_path: Path) -> dict[Stack, WorkingDirectory]:
    return copy_stacks(rendered / "dev", tmp_path)


def planned(
    directories: dict[Stack, WorkingDirectory], plans: dict[Stack, str | TerraformError]
) -> EmulatedEnvironment:
    terraform = Plans(cast(EmulatedAws, None), plans)
    return EmulatedEnvironment(DEV, terraform.aws, terraform, directories, lambda *_: None)


def test_an_empty_second_plan_of_every_stack_passes_with_their_names(
    directories: dict[Stack, WorkingDirectory],
) -> None:
    found = asyncio.run(second_plan(planned(directories, {})))
    again = set(Stack) - {Stack.STATE}
    assert found.passed
    assert found.evidence.startswith(f"{len(again)} stacks were planned again without a change: ")
    assert all(stack in found.evidence for stack in again)


def test_each_stack_with_changes_is_listed_with_its_plan(
    directories: dict[Stack, WorkingDirectory],
) -> None:
    plans: dict[Stack, str | TerraformError] = {
        Stack.QUEUE: "~ node_type",
        Stack.BUDGET: "~ limit",
    }
    found = asyncio.run(second_plan(planned(directories, plans)))
    assert not found.passed
    assert found.evidence == (
        "budget: the second plan is not empty:\n~ limit\n"
        "queue: the second plan is not empty:\n~ node_type"
    )


def test_a_plan_that_fails_is_an_error(directories: dict[Stack, WorkingDirectory]) -> None:
    plans: dict[Stack, str | TerraformError] = {Stack.QUEUE: TerraformError("no provider")}
    with pytest.raises(ExceptionGroup) as failed:
        asyncio.run(second_plan(planned(directories, plans)))
    assert failed.group_contains(TerraformError, match="no provider")


@pytest.mark.parametrize("differing", [0, 2])
def test_the_facts_are_counted_and_the_differences_listed(
    monkeypatch: pytest.MonkeyPatch,
    directories: dict[Stack, WorkingDirectory],
    differing: int,
) -> None:
    facts = [Fact(holds=each >= differing, difference=f"fact {each}") for each in range(5)]
    monkeypatch.setattr(checks, "facts", lambda *_: iter(facts))
    found = asyncio.run(promised_account(planned(directories, {})))
    assert found.passed == (differing == 0)
    assert found.evidence == (
        "fact 0\nfact 1" if differing else "5 facts were compared, and all are as in the value"
    )


@pytest.fixture
def account(tmp_path: Path) -> Iterator[EmulatedEnvironment]:
    """An account without a resource of the platform."""
    with emulated_aws(DEV.account, tmp_path / "emulator.log") as aws:
        yield EmulatedEnvironment(DEV, aws, Terraform(aws), {}, lambda *_: None)


@pytest.mark.rehearsal
def test_what_a_teardown_left_is_listed_by_its_arn_and_what_is_gone_is_not(
    account: EmulatedEnvironment,
) -> None:
    kms, secrets = account.aws.client("kms"), account.aws.client("secretsmanager")
    ec2 = account.aws.client("ec2")
    key = kms.create_key(Tags=[{"TagKey": "Platform", "TagValue": PLATFORM}])["KeyMetadata"]
    secret = secrets.create_secret(Name="keys", SecretString="none", Tags=[TAG])
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    gateway = ec2.create_nat_gateway(
        SubnetId=subnet,
        ConnectivityType="private",
        TagSpecifications=[{"ResourceType": "natgateway", "Tags": [TAG]}],
    )["NatGateway"]["NatGatewayId"]
    before = leftovers(DEV, account.aws)
    assert {key["Arn"], secret["ARN"]} < set(before)
    assert any(gateway in arn for arn in before)

    ec2.delete_nat_gateway(NatGatewayId=gateway)
    kms.schedule_key_deletion(KeyId=key["KeyId"])
    failed = asyncio.run(nothing_left(account, before=before))
    assert (failed.passed, failed.evidence) == (False, f"{secret['ARN']} is left")

    secrets.delete_secret(SecretId=secret["ARN"])
    passed = asyncio.run(nothing_left(account, before=before))
    assert passed.passed
    assert passed.evidence == (
        "the account had 3 of the platform's resources before the teardown, and has none now"
    )
