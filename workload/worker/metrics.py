"""The worker's metrics, under the names of telemetry/contract.py."""

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

disable_created_metrics()  # type: ignore[no-untyped-call]

_MODEL = ("gen_ai_provider_name", "gen_ai_request_model")
_CALL = ("gen_ai_operation_name", *_MODEL)

JOBS = Counter("eval_jobs", "Jobs that ended, by outcome", ("outcome",))
for _outcome in ("succeeded", "failed", "crashed"):
    JOBS.labels(_outcome)  # 0 from the start
JOB_DURATION = Histogram(
    "eval_job_duration_seconds",
    "How long jobs ran",
    ("outcome",),
    buckets=(1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 900, 1800, 3600),
)
JOBS_IN_PROGRESS = Gauge("eval_jobs_in_progress", "Jobs that the worker is running now")

# The buckets that OpenTelemetry's GenAI metrics advise.
CALL_DURATION = Histogram(
    "gen_ai_client_operation_duration_seconds",
    "Duration of one call of an LLM provider",
    (*_CALL, "error_type"),
    buckets=tuple(0.01 * 2**step for step in range(14)),
)
TOKENS = Histogram(
    "gen_ai_client_token_usage",
    "Tokens billed for one call",
    (*_CALL, "gen_ai_token_type"),
    buckets=tuple(4**step for step in range(14)),
)
COST = Counter("eval_llm_cost_usd", "Cost of calls", _MODEL)
RETRIES = Counter("eval_llm_retries", "Calls that were repeated", (*_MODEL, "reason"))
