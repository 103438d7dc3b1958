"""Checks of what the environment may cost."""

from collections.abc import Iterator

from evalctl.checks.check import Finding, Subject, check, require
from evalctl.parsed.terraform import resources


@check(
    title="AWS Budgets watches a monthly limit, and mails a person before it is reached",
    rests_on="the budget of the stack `budget`; `evalctl check` compares the limit in the environment with the estimate",
)
def cost_budget(subject: Subject) -> Iterator[Finding]:
    for budget in resources(subject.env, "aws_budgets_budget"):
        limit, unit = budget["limit_amount"], budget["time_unit"]
        yield require(limit, limit.number_or(0) > 0, "this is no limit")
        yield require(unit, unit.value == "MONTHLY", "use MONTHLY")
        early = [
            notification
            for notification in budget["notification"].items()
            if notification["threshold"].number_or(100) < 100
            and any(each.text() for each in notification["subscriber_email_addresses"].items())
        ]
        yield require(limit, bool(early), "mail somebody below 100 % of it (ownership.email)")
