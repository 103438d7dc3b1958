"""LLM providers: how fast they answer, and how often they refuse."""

from dashboards.boards.recording_rules import PROVIDER_P95, PROVIDER_REFUSED_RATIO
from dashboards.observable import (
    Observable,
    Owner,
    Promql,
    Severity,
    Threshold,
    ThresholdAlert,
    Unit,
)
from environments.spec import Environment

REFUSED_LIMIT = 0.05  # share of a provider's calls

CHOSEN_MODELS = 'gen_ai_request_model=~"$model"'


def observables(env: Environment) -> tuple[Observable, ...]:
    return (_provider_latency(env), _refused(), _retries(), _errors())


def _provider_latency(env: Environment) -> Observable:
    limit = env.objectives.provider_p95_seconds
    return Observable(
        id="provider-latency",
        title="Provider p95 response time",
        meaning="95 of 100 calls of a provider ended within this time.",
        queries=(Promql(expr=PROVIDER_P95, legend="{{gen_ai_provider_name}}"),),
        unit=Unit.SECONDS,
        thresholds=(
            Threshold(
                value=limit,
                severity=Severity.WARNING,
                reason="the environment's objective",
                alert=ThresholdAlert(
                    name="ProviderSlow",
                    for_minutes=15,
                    summary="{{ $labels.gen_ai_provider_name }} takes {{ $value | humanizeDuration }}",
                    description=f"95 of 100 calls should end within {limit} seconds.",
                ),
            ),
        ),
        higher_is_better=False,
        owner=Owner.SRE,
        what_to_do=(
            "Look at the provider's status page first.",
            "If only one model is slow, split `gen_ai_client_operation_duration_seconds` by model.",
            "If it lasts, jobs take longer and the queue grows: inform the users who wait.",
        ),
    )


def _refused() -> Observable:
    return Observable(
        id="provider-refusals",
        title="Calls refused (429)",
        meaning="Share of calls that a provider refused because there were too many.",
        queries=(Promql(expr=PROVIDER_REFUSED_RATIO, legend="{{gen_ai_provider_name}}"),),
        unit=Unit.RATIO,
        thresholds=(
            Threshold(
                value=REFUSED_LIMIT,
                severity=Severity.WARNING,
                reason="below it a job still succeeds within six attempts; above it, workers mostly wait",
                alert=ThresholdAlert(
                    name="ProviderRefusesCalls",
                    for_minutes=10,
                    summary="{{ $labels.gen_ai_provider_name }} refuses {{ $value | humanizePercentage }} of "
                    "the calls",
                    description="Workers wait and try again, so jobs take longer.",
                ),
            ),
        ),
        higher_is_better=False,
        owner=Owner.SRE,
        what_to_do=(
            "Set `worker.llm_calls.provider_requests_per_minute` and `provider_tokens_per_minute` to what "
            "the provider's console shows now; each worker's share follows.",
            "Ask the provider for a higher limit.",
        ),
    )


def _retries() -> Observable:
    return Observable(
        id="llm-retries",
        title="Retries",
        meaning="Calls per second that were repeated, by reason.",
        queries=(
            Promql(
                expr=(
                    f"sum by (reason) (rate(eval_llm_retries_total{{{CHOSEN_MODELS}}}[$__rate_interval]))"
                ),
                legend="{{reason}}",
            ),
        ),
        unit=Unit.PER_SECOND,
        higher_is_better=False,
        owner=Owner.SRE,
        what_to_do=("`rate_limited`: as for *Calls refused*. `timeout`: as for the p95 above.",),
        no_alert="retries are the remedy; their causes have their alerts",
    )


def _errors() -> Observable:
    return Observable(
        id="llm-errors",
        title="Failed calls by error",
        meaning="Calls per second that ended with an error.",
        queries=(
            Promql(
                expr=(
                    "sum by (gen_ai_provider_name, error_type) "
                    "(rate(gen_ai_client_operation_duration_seconds_count"
                    f'{{error_type!="", {CHOSEN_MODELS}}}[$__rate_interval]))'
                ),
                legend="{{gen_ai_provider_name}} {{error_type}}",
            ),
        ),
        unit=Unit.PER_SECOND,
        higher_is_better=False,
        owner=Owner.SRE,
        what_to_do=(
            "401: the key was revoked, see docs/secrets.md. 5xx: look at the provider's status page.",
        ),
        no_alert="a job whose calls all fail counts in *Worker error rate*",
    )
