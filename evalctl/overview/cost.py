"""What the environment costs in a month."""

from collections.abc import Iterator

from environments.spec import Environment
from evalctl.cost import prices, rendered_files
from evalctl.cost.assumptions import Amounts, Load
from evalctl.cost.estimate import estimate
from evalctl.overview.markdown import table
from evalctl.parsed.environment import RenderedEnvironment


def cost(env: Environment, rendered: RenderedEnvironment) -> Iterator[str]:
    """A row for each service, and the budget."""
    found = estimate(rendered_files.of_texts(env.name, rendered.texts), env, prices.read())
    yield (
        f"An estimate in USD a month, without taxes and LLM providers; `evalctl cost {env.name}` prints it by stack too. "
        f"The budget is {env.objectives.monthly_aws_budget_usd:,} USD. "
        "[docs/cost.md](../../docs/cost.md) has the prices and the assumptions."
    )
    yield ""
    yield from table(
        ("service", *Load),
        [
            *(_row(service, amounts) for service, amounts in found.by_service().items()),
            _row("all", found.total),
        ],
    )


def _row(what: str, amounts: Amounts) -> tuple[str, ...]:
    return (what, *(f"{amounts.at(load):,.0f}" for load in Load))
