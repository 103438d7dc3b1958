"""Service levels and the budgets."""

from collections.abc import Iterator

from environments.spec import Environment


def problems(env: Environment) -> Iterator[str]:
    objectives, timeout = env.objectives, env.worker.llm_calls.timeout_seconds
    if not 90 <= objectives.availability_percent <= 99.99:
        yield (
            f"objectives.availability_percent: {objectives.availability_percent:g} is not between 90 "
            "and 99.99; a lower objective alerts too late, and no team can keep a higher one"
        )
    if not 0 < objectives.provider_p95_seconds < timeout:
        yield (
            f"objectives.provider_p95_seconds: {objectives.provider_p95_seconds} s is never exceeded "
            f"by calls that end after {timeout} s; choose less"
        )
    if objectives.daily_llm_budget_usd <= 0:
        yield "objectives.daily_llm_budget_usd: 0 or less; name what a day may cost"
    if objectives.monthly_aws_budget_usd <= 0:
        yield "objectives.monthly_aws_budget_usd: 0 or less; name what AWS may bill in a month"
