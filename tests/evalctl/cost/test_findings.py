"""What `evalctl check` reports about the cost."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from environments.names import Names, Stack
from environments.prod import PROD
from environments.registry import ENVIRONMENTS
from evalctl.cost import findings
from evalctl.cost.findings import Finding
from tests.evalctl.cost.conftest import Checkout
from tests.support.paths import ROOT


def test_every_environment_is_within_its_budget() -> None:
    assert list(findings.findings(ENVIRONMENTS, rendered=ROOT / "rendered")) == []


def with_budget(usd: int) -> Finding | None:
    objectives = dataclasses.replace(PROD.objectives, monthly_aws_budget_usd=usd)
    env = dataclasses.replace(PROD, objectives=objectives)
    return next(findings.findings((env,), rendered=ROOT / "rendered"), None)


def test_an_estimate_above_the_budget_is_a_finding_with_both_numbers(checkout: Checkout) -> None:
    typical = checkout.estimate().total.typical
    assert with_budget(int(typical) + 1) is None
    finding = with_budget(int(typical) - 1)
    assert finding is not None
    assert f"estimated at {typical:,.0f} USD" in str(finding)
    assert f"{int(typical) - 1:,} USD of objectives.monthly_aws_budget_usd" in str(finding)


def test_an_environment_without_rendered_files_is_a_finding(tmp_path: Path) -> None:
    [finding] = findings.findings((PROD,), rendered=tmp_path)
    assert "rendered/prod/terraform has no stack; run `evalctl render` first" in str(finding)


def test_a_broken_file_is_a_finding_and_the_other_environments_are_still_checked(
    checkout: Checkout,
) -> None:
    (checkout.root / Names(PROD).stack_file(Stack.QUEUE)).write_text("{")
    [finding] = findings.findings(ENVIRONMENTS, rendered=checkout.root / "rendered")
    assert finding.environment == "prod"
    assert Names(PROD).stack_file(Stack.QUEUE) in finding.message


@pytest.mark.parametrize(
    "text",
    [
        "[" * 200_000,
        '{"resource": {}, "resource": {}}',
        '{"provider": {"aws": [{"region": NaN}]}}',
    ],
)
def test_a_file_that_a_render_cannot_have_written_is_a_finding(
    checkout: Checkout, text: str
) -> None:
    (checkout.root / Names(PROD).stack_file(Stack.QUEUE)).write_text(text)
    [finding] = findings.findings((PROD,), rendered=checkout.root / "rendered")
    assert Names(PROD).stack_file(Stack.QUEUE) in finding.message


def test_a_missing_stack_is_a_finding(checkout: Checkout) -> None:
    file = Names(PROD).stack_file(Stack.CLUSTER)
    (checkout.root / file).unlink()
    [finding] = findings.findings((PROD,), rendered=checkout.root / "rendered")
    assert f"{file} is missing" in finding.message


def test_stacks_without_resources_are_a_finding(checkout: Checkout) -> None:
    for stack in Stack:
        checkout.edit(stack, dict.clear)
    [finding] = findings.findings((PROD,), rendered=checkout.root / "rendered")
    assert "has no resources" in finding.message


@pytest.mark.parametrize("gib", ["many", -5, [], {}, None])
def test_a_size_that_is_none_is_a_finding(checkout: Checkout, gib: object) -> None:
    def edit(resources: dict[str, Any]) -> None:
        resources["aws_instance"]["node-2"]["root_block_device"]["volume_size"] = gib

    checkout.edit(Stack.CLICKHOUSE, edit)
    [finding] = findings.findings((PROD,), rendered=checkout.root / "rendered")
    assert "clickhouse: aws_instance.node-2" in finding.message


@pytest.mark.parametrize("region", ["us-west-2"])
def test_a_region_without_prices_is_a_finding(region: str, checkout: Checkout) -> None:
    for file in (checkout.root / "rendered/prod/terraform").rglob("cdk.tf.json"):
        file.write_text(file.read_text().replace(PROD.account.region, region))
    found = list(findings.findings((PROD,), rendered=checkout.root / "rendered"))
    assert found
    assert all(
        f"[regions.{region}]" in str(finding) for finding in found if "price" in str(finding)
    )
