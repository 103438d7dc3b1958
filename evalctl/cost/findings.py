"""Findings of `evalctl check`: what has no price, and an estimate above the environment's monthly budget."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from environments.spec import Environment
from evalctl.cost import prices, rendered_files
from evalctl.cost.assumptions import Load
from evalctl.cost.estimate import Estimate, estimate

# A budget is what one expects to pay, so the typical month is compared. The maximum, every node for all
# hours, is no plan: AWS Budgets and the alert AwsBudgetNearlySpent report a month that comes near it.
COMPARED = Load.TYPICAL


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something that must be changed before the cost of an environment is known and accepted."""

    environment: str
    message: str

    def __str__(self) -> str:
        return f"{self.environment}: {self.message}; see docs/cost.md"


def findings(environments: Sequence[Environment], *, rendered: Path) -> Iterator[Finding]:
    """For each environment: every missing price, and the budget if the estimate is above it.

    `rendered` is the folder of all environments. A file that cannot be read is a finding.
    """
    try:
        table = prices.read()
    except prices.PriceTableError as error:
        yield Finding(environment="prices", message=str(error))
        return
    for env in environments:
        try:
            found = estimate(rendered_files.in_folder(rendered, env.name), env, table)
        except rendered_files.UnreadableFileError as error:
            yield Finding(environment=env.name, message=str(error))
            continue
        yield from of_estimate(env, found)


def of_estimate(env: Environment, found: Estimate) -> Iterator[Finding]:
    """The findings about one estimate."""
    for missing in found.missing:
        yield Finding(environment=env.name, message=str(missing))
    usd, budget = found.total.at(COMPARED), env.objectives.monthly_aws_budget_usd
    if usd > budget:
        yield Finding(
            environment=env.name,
            message=(
                f"a {COMPARED} month is estimated at {usd:,.0f} USD, above the "
                f"{budget:,} USD of objectives.monthly_aws_budget_usd; make it smaller, or raise the budget so "
                "that its reviewers agree"
            ),
        )
