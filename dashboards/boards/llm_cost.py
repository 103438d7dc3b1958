"""The board of the FinOps team (B8): the cost of LLM calls and the performance of providers."""

from dashboards.boards import provider_health
from dashboards.boards.provider_health import CHOSEN_MODELS
from dashboards.boards.recording_rules import LLM_SPEND
from dashboards.observable import (
    Board,
    Chart,
    ClickhouseSql,
    Observable,
    Owner,
    Promql,
    Row,
    Severity,
    Threshold,
    ThresholdAlert,
    Unit,
)
from environments.spec import NEARLY_SPENT_PERCENT, Environment

_CALLS_SHOWN = (
    "$__timeFilter(called_at) AND environment = '$environment' AND model IN (${model:singlequote})"
)


def board(env: Environment) -> Board:
    """Spend, its causes, and the providers."""
    return Board(
        uid="llm-cost",
        title="LLM Cost & Performance",
        owner=Owner.FINOPS,
        days_shown=30,
        description="The cost of LLM calls, its causes, and how fast and reliably providers answer.",
        rows=(
            Row(
                title="Spend",
                observables=(_daily_spend(env), _cost_per_run(), _cost_per_thousand()),
            ),
            Row(title="Usage", observables=(_tokens_per_day(), _tokens_by_type(), _by_model())),
            Row(title="Providers", observables=provider_health.observables(env)),
            Row(title="AWS", observables=(_aws_spend(env),)),
        ),
    )


def _daily_spend(env: Environment) -> Observable:
    budget = env.objectives.daily_llm_budget_usd
    nearly_spent = budget * NEARLY_SPENT_PERCENT / 100
    return Observable(
        id="daily-spend",
        title="Spend in 24 hours, against the budget",
        meaning="The cost of the last 24 hours' calls by the providers' price lists.",
        queries=(Promql(expr=LLM_SPEND, legend="spend"),),
        unit=Unit.USD,
        thresholds=(
            Threshold(
                value=nearly_spent,
                severity=Severity.WARNING,
                reason="time left to stop a run before the budget is gone",
                alert=ThresholdAlert(
                    name="LlmBudgetNearlySpent",
                    for_minutes=5,
                    summary="LLM calls cost {{ $value | humanize }} USD in 24 hours",
                    description=f"That is more than four fifths of the daily budget of {budget} USD.",
                ),
            ),
            Threshold(
                value=budget,
                severity=Severity.CRITICAL,
                reason="the environment's daily budget",
                alert=ThresholdAlert(
                    name="LlmBudgetExceeded",
                    for_minutes=5,
                    summary="LLM calls cost {{ $value | humanize }} USD in 24 hours",
                    description=f"The daily budget is {budget} USD.",
                ),
            ),
        ),
        higher_is_better=False,
        what_to_do=(
            "For the model, see the table *By model*. For the run: `SELECT run_id, sum(cost_usd) FROM llm_calls "
            "WHERE called_at > now() - INTERVAL 1 DAY GROUP BY run_id ORDER BY 2 DESC`.",
            "Ask the run's owner to stop it, or lower `worker.max_replicas` until tomorrow.",
            "If the spend is intended, raise `objectives.daily_llm_budget_usd` in a pull request, so that it is approved.",
        ),
    )


def _aws_spend(env: Environment) -> Observable:
    budget = env.objectives.monthly_aws_budget_usd
    description = (
        f"The budget is {budget} USD; {{}} An estimate by service: `evalctl cost {env.name}`."
    )
    return Observable(
        id="aws-spend",
        title="AWS bill of this month, against the budget",
        meaning=(
            "What AWS has billed the account since the first day of the month, without LLM providers. AWS "
            "updates it every few hours."
        ),
        # CloudWatch has no value for some hours; the exporter shows that as NaN.
        queries=(
            Promql(
                expr="max(last_over_time((aws_billing_estimated_charges_maximum >= 0)[1d:1h]))",
                legend="billed",
            ),
        ),
        unit=Unit.USD,
        thresholds=(
            Threshold(
                value=budget * NEARLY_SPENT_PERCENT / 100,
                severity=Severity.WARNING,
                reason="time left to make something smaller before the budget is gone",
                alert=ThresholdAlert(
                    name="AwsBudgetNearlySpent",
                    for_minutes=60,
                    summary="AWS has billed {{ $value | humanize }} USD this month",
                    description=description.format("more than four fifths are spent."),
                ),
            ),
            Threshold(
                value=budget,
                severity=Severity.CRITICAL,
                reason="the environment's monthly budget",
                alert=ThresholdAlert(
                    name="AwsBudgetExceeded",
                    for_minutes=60,
                    summary="AWS has billed {{ $value | humanize }} USD this month",
                    description=description.format("it is spent."),
                ),
            ),
        ),
        higher_is_better=False,
        what_to_do=(
            "In the account's Cost Explorer, group this month by service, and compare with "
            f"`evalctl cost {env.name}`: what is far above its typical month is the cause.",
            "Many workers for many hours: lower `worker.max_replicas` until the next month. Traffic or logs: "
            "find the workload that began to send them.",
            "If the spend is intended, raise `objectives.monthly_aws_budget_usd` in a pull request, so that it "
            "is approved.",
            "If no value is shown, the account sends no billing metrics yet (docs/cost.md).",
        ),
    )


def _cost_per_run() -> Observable:
    return Observable(
        id="cost-per-test-run",
        title="Average cost per test run",
        meaning="The cost of one test run's calls, averaged over the runs of a day.",
        queries=(
            ClickhouseSql(
                sql=(
                    "SELECT toStartOfDay(called_at) AS time,"
                    " toFloat64(sum(cost_usd)) / uniqExact(run_id) AS cost_per_run"
                    f" FROM llm_calls WHERE {_CALLS_SHOWN} GROUP BY time ORDER BY time"
                ),
                time_series=True,
            ),
        ),
        unit=Unit.USD,
        higher_is_better=False,
        what_to_do=(
            "Compare *Tokens by type* with the data set's size: more tokens per call, or more calls per run?",
            "For a more expensive model, see *By model*.",
        ),
        no_alert="an expensive run is a decision of its owner; the daily budget has its alerts",
    )


def _cost_per_thousand() -> Observable:
    return Observable(
        id="cost-per-1000-evaluations",
        title="Cost per 1,000 evaluations",
        meaning="Spend of 24 hours, divided by the evaluations that succeeded, times a thousand.",
        queries=(
            Promql(
                expr=(
                    f"1000 * {LLM_SPEND}"
                    ' / (sum(increase(eval_jobs_total{outcome="succeeded"}[1d])) > 0)'
                ),
                legend="per 1,000",
            ),
        ),
        unit=Unit.USD,
        higher_is_better=False,
        what_to_do=(
            "If *Worker error rate* rises too: failed jobs cost money without a result.",
            "If *Retries* rise too: providers bill some of the calls that fail.",
        ),
        no_alert="a trend for planning; the daily budget has its alerts",
    )


def _tokens_per_day() -> Observable:
    return Observable(
        id="tokens-per-day",
        title="Tokens per day by model",
        meaning="Tokens billed in the 24 hours before each point, input and output together.",
        chart=Chart.BARS,
        queries=(
            Promql(
                expr=(
                    "sum by (gen_ai_request_model) "
                    f"(increase(gen_ai_client_token_usage_sum{{{CHOSEN_MODELS}}}[1d]))"
                ),
                legend="{{gen_ai_request_model}}",
            ),
        ),
        unit=Unit.COUNT,
        higher_is_better=False,
        what_to_do=("Compare with the runs of that day in ClickHouse, table `llm_calls`.",),
        no_alert="tokens lead to spend; the daily budget has its alerts",
    )


def _tokens_by_type() -> Observable:
    return Observable(
        id="tokens-by-type",
        title="Tokens by type",
        meaning="Input and output separately: output costs several times as much.",
        queries=(
            Promql(
                expr=(
                    "sum by (gen_ai_token_type) "
                    f"(rate(gen_ai_client_token_usage_sum{{{CHOSEN_MODELS}}}[$__rate_interval]))"
                ),
                legend="{{gen_ai_token_type}}",
            ),
        ),
        unit=Unit.PER_SECOND,
        higher_is_better=False,
        what_to_do=("Much input: shorten contexts. Much output: limit the answer's length.",),
        no_alert="tokens lead to spend; the daily budget has its alerts",
    )


def _by_model() -> Observable:
    return Observable(
        id="by-model",
        title="By model",
        meaning="Calls, tokens, cost and failures of each model in the time shown.",
        chart=Chart.TABLE,
        queries=(
            ClickhouseSql(
                sql=(
                    "SELECT provider, model, count() AS calls, sum(input_tokens) AS input,"
                    " sum(output_tokens) AS output, toFloat64(sum(cost_usd)) AS cost_usd,"
                    " countIf(error_type != '') AS failed"
                    f" FROM llm_calls WHERE {_CALLS_SHOWN}"
                    " GROUP BY provider, model ORDER BY cost_usd DESC"
                ),
                time_series=False,
            ),
        ),
        unit=Unit.COUNT,
        higher_is_better=False,
        what_to_do=("A cheaper model saves most in the first line.",),
        no_alert="*Spend in 24 hours* alerts on the total",
    )
