"""An estimate and a comparison as Markdown, for a pull request's comment and for pages."""

from collections.abc import Sequence

from environments.spec import Environment
from evalctl.cost.assumptions import Amounts, Load
from evalctl.cost.comparison import Change, Comparison
from evalctl.cost.estimate import Estimate, Totals


def estimate_page(env: Environment, found: Estimate) -> str:
    """The month by service and by stack, the evaluations, the estimated and the missing prices."""
    return "\n".join(
        (
            f"### What `{env.name}` costs in a month, in USD",
            "",
            *_table("service", found.by_service(), found.total),
            "",
            *_table("stack", found.by_stack(), found.total),
            "",
            f"The budget is {env.objectives.monthly_aws_budget_usd:,} USD a month.",
            "",
            *(f"- {line}" for line in evaluation_lines(found)),
            *_list("Estimated prices:", estimated_lines(found)),
            *_list("No price:", [str(missing) for missing in found.missing]),
            "",
        )
    )


def comparison_page(
    env: Environment, comparison: Comparison, *, revision: str, missing: Sequence[str]
) -> str:
    """The change of the month compared with a revision."""
    total, budget = comparison.total, env.objectives.monthly_aws_budget_usd
    typical = total.usd(Load.TYPICAL)
    title = f"### Cost of `{env.name}`: "
    if not total and not comparison.stacks and not missing:
        return f"{title}no change\n"
    rows = (*comparison.stacks, *(c for c in comparison.services), total)
    return "\n".join(
        (
            f"{title}{signed(typical)} USD in a typical month",
            "",
            "| stack or service | " + " | ".join(Load) + " |",
            "|---|" + "---:|" * len(Load),
            *(_change_row(change) for change in rows),
            "",
            f"Compared with `{revision}`. After this change a typical month is estimated at "
            f"{total.after.typical:,.2f} USD; the budget is {budget:,} USD"
            f"{', which is less' if total.after.typical > budget else ''}.",
            *_list("No price:", missing),
            "",
        )
    )


def evaluation_lines(found: Estimate) -> list[str]:
    """What 1,000 evaluations cost, at each load that has some."""
    llm = 1_000 * found.evaluations.llm_usd_each
    lines = []
    for load in Load:
        aws = found.per_thousand(load)
        if aws is not None:
            lines.append(
                f"1,000 evaluations, {load}: {aws + llm:,.2f} USD = AWS {aws:,.2f} + LLM {llm:,.2f} "
                f"({found.evaluations.count.at(load):,.0f} a month)"
            )
    return lines


def estimated_lines(found: Estimate) -> list[str]:
    return [
        f"{price.name}, {price.usd:g} USD a {price.per}: {price.estimate}"
        for price in found.estimated_prices()
    ]


def signed(usd: float) -> str:
    return f"{usd:+,.2f}" if abs(usd) >= 0.005 else "0.00"


def _change_row(change: Change) -> str:
    return f"| {change.name} | " + " | ".join(signed(change.usd(load)) for load in Load) + " |"


def _table(title: str, totals: Totals, total: Amounts) -> list[str]:
    rows = {**totals, "**total**": total}
    return [
        f"| {title} | " + " | ".join(Load) + " |",
        "|---|" + "---:|" * len(Load),
        *(
            f"| {name} | " + " | ".join(f"{amounts.at(load):,.2f}" for load in Load) + " |"
            for name, amounts in rows.items()
        ),
    ]


def _list(title: str, lines: Sequence[str]) -> list[str]:
    return ["", title, "", *(f"- {line}" for line in lines)] if lines else []
