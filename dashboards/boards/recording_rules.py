"""Values that several panels and alerts share, computed once by Prometheus.

Names follow Prometheus' manual: level, metric, operation (practices, "Recording rules").
"""

from dataclasses import dataclass

from environments.names import LIVENESS_PATH, NAMESPACE, READINESS_PATH, App
from telemetry.queue_length import QUEUE_LENGTH

# `burn_rate.py` needs the error ratio over both windows of each pair.
ERROR_WINDOWS = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")

# Probes of the kubelet and the load balancer are not users' requests.
_PROBES = f"{LIVENESS_PATH}|{READINESS_PATH}"
_USERS_REQUESTS = f'{{http_route!~"{_PROBES}"}}'
_SERVER_ERRORS = f'{{http_route!~"{_PROBES}", http_response_status_code=~"5.."}}'


@dataclass(frozen=True, kw_only=True)
class RecordingRule:
    """A query whose result Prometheus stores under a name."""

    name: str
    expr: str
    meaning: str


def api_error_ratio(window: str) -> str:
    """The recorded share of users' requests that ended in a server error within the window."""
    return f"orchestrator:http_errors:ratio_rate{window}"


def p95(histogram: str, *, by: str, window: str) -> str:
    """The value below which 95 of 100 observations within the window were."""
    return f"histogram_quantile(0.95, sum by (le, {by}) (rate({histogram}_bucket[{window}])))"


API_READY = "orchestrator:ready:bool"
WORKER_ERROR_RATIO = "worker:jobs_not_succeeded:ratio_rate10m"
PROVIDER_P95 = "provider:call_duration_seconds:p95_rate5m"
PROVIDER_REFUSED_RATIO = "provider:calls_refused:ratio_rate10m"
LLM_SPEND = "platform:llm_cost_usd:increase1d"
JOBS_WAITING = "queue:jobs_waiting:max"


def recording_rules() -> tuple[RecordingRule, ...]:
    """All of them; without events a ratio is 0, so that an idle platform raises no alarm."""
    return (
        *(_api_errors(window) for window in ERROR_WINDOWS),
        RecordingRule(
            name=API_READY,
            expr=(
                "max(kube_deployment_status_replicas_available"
                f'{{namespace="{NAMESPACE}", deployment="{App.ORCHESTRATOR}"}} > bool 0)'
            ),
            meaning="1 while at least one orchestrator answers its readiness probe.",
        ),
        RecordingRule(
            name=JOBS_WAITING,
            expr=QUEUE_LENGTH,
            meaning="Jobs that wait in the queue.",
        ),
        RecordingRule(
            name=WORKER_ERROR_RATIO,
            expr=(
                '(sum(rate(eval_jobs_total{outcome!="succeeded"}[10m])) or vector(0))'
                " / (sum(rate(eval_jobs_total[10m])) > 0) or vector(0)"
            ),
            meaning="Share of jobs that failed or crashed.",
        ),
        RecordingRule(
            name=PROVIDER_P95,
            expr=p95(
                "gen_ai_client_operation_duration_seconds", by="gen_ai_provider_name", window="5m"
            ),
            meaning="Within this time 95 of 100 calls of a provider ended.",
        ),
        RecordingRule(
            name=PROVIDER_REFUSED_RATIO,
            expr=(
                "sum by (gen_ai_provider_name) "
                '(rate(gen_ai_client_operation_duration_seconds_count{error_type="429"}[10m]))'
                " / sum by (gen_ai_provider_name) "
                "(rate(gen_ai_client_operation_duration_seconds_count[10m]))"
            ),
            meaning="Share of calls that a provider refused because there were too many (429).",
        ),
        RecordingRule(
            name=LLM_SPEND,
            expr="sum(increase(eval_llm_cost_usd_total[1d]))",
            meaning="Cost of the last 24 hours' calls.",
        ),
    )


def _api_errors(window: str) -> RecordingRule:
    errors = f"sum(rate(http_server_request_duration_seconds_count{_SERVER_ERRORS}[{window}]))"
    requests = f"sum(rate(http_server_request_duration_seconds_count{_USERS_REQUESTS}[{window}]))"
    return RecordingRule(
        name=api_error_ratio(window),
        expr=f"({errors} or vector(0)) / ({requests} > 0) or vector(0)",
        meaning=f"Share of users' requests within {window} that ended in a server error.",
    )
