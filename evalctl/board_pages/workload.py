"""Synthetic series of the platform's own programs: requests, jobs, and calls of LLM providers."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from environments.names import LIVENESS_PATH
from evalctl.board_pages.load import Queue, at_load
from evalctl.board_pages.series import (
    Distribution,
    Labels,
    Maker,
    Series,
    Times,
    counter,
    counters,
    gauges,
    histogram,
)
from telemetry.contract import Metric

_JOBS_PER_WORKER = 8
_RESPONSES = (  # method, route, status, rate per second at full load, mean seconds
    ("POST", "/evaluations", "202", 0.9, 0.09),
    ("POST", "/evaluations", "503", 0.0005, 1.5),
    ("GET", "/evaluations/{id}", "200", 2.5, 0.03),
    ("GET", LIVENESS_PATH, "200", 0.2, 0.002),
)
_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80)
_TOKENS = (64, 256, 1_024, 4_096, 16_384)
_CALL_ENDS = (("", 0.985), ("429", 0.012), ("500", 0.003))  # error, share of calls


@dataclass(frozen=True, kw_only=True)
class Model:
    """An LLM that the workers call; prices are in dollars for a million tokens."""

    provider: str
    name: str
    calls_per_second: float
    mean_seconds: float
    input_tokens: float
    output_tokens: float
    input_price: float
    output_price: float

    @property
    def labels(self) -> Labels:
        return {"gen_ai_provider_name": self.provider, "gen_ai_request_model": self.name}

    @property
    def call_labels(self) -> Labels:
        return self.labels | {"gen_ai_operation_name": "chat"}

    @property
    def usd_per_call(self) -> float:
        prices = self.input_tokens * self.input_price, self.output_tokens * self.output_price
        return sum(prices) / 1e6


MODELS = (
    Model(
        provider="openai",
        name="large",
        calls_per_second=0.25,
        mean_seconds=4.0,
        input_tokens=1_800,
        output_tokens=350,
        input_price=2.5,
        output_price=10,
    ),
    Model(
        provider="openai",
        name="small",
        calls_per_second=0.9,
        mean_seconds=1.2,
        input_tokens=900,
        output_tokens=180,
        input_price=0.15,
        output_price=0.6,
    ),
    Model(
        provider="anthropic",
        name="judge",
        calls_per_second=0.3,
        mean_seconds=5.5,
        input_tokens=2_400,
        output_tokens=260,
        input_price=3,
        output_price=15,
    ),
)


def makers(queue: Queue) -> dict[str, Maker]:
    """Metric name → the function that creates its series."""
    return {
        "http_server_request_duration_seconds": _requests,
        "eval_queue_oldest_job_age_seconds": gauges(lambda t: queue.waiting(t) / 4),
        "eval_test_runs_total": _by_outcome(succeeded=0.004, failed=0.0001),
        "eval_jobs_total": _by_outcome(succeeded=0.6, failed=0.006, crashed=0.002),
        "eval_job_duration_seconds": _job_durations,
        "eval_jobs_in_progress": gauges(
            lambda t: math.floor(0.7 * _JOBS_PER_WORKER * queue.workers(t))
        ),
        "gen_ai_client_operation_duration_seconds": _calls,
        "gen_ai_client_token_usage": _tokens,
        "eval_llm_cost_usd_total": _cost,
        "eval_llm_retries_total": _retries,
    }


def _seconds(mean: float) -> Distribution:
    return Distribution(mean=mean, bounds=_SECONDS)


def _by_outcome(*, succeeded: float, failed: float, crashed: float | None = None) -> Maker:
    """A counter for each outcome; the arguments are rates per second at full load."""
    peaks = {"succeeded": succeeded, "failed": failed, "crashed": crashed}
    return counters(
        *(({"outcome": outcome}, at_load(peak)) for outcome, peak in peaks.items() if peak)
    )


def _requests(metric: Metric, times: Times) -> Iterator[Series]:
    for method, route, status, per_second, mean in _RESPONSES:
        labels = {
            "http_request_method": method,
            "http_route": route,
            "http_response_status_code": status,
        }
        yield from histogram(metric, labels, at_load(per_second), _seconds(mean), times)


def _job_durations(metric: Metric, times: Times) -> Iterator[Series]:
    for outcome, per_second, mean in (("succeeded", 0.6, 40.0), ("failed", 0.006, 12.0)):
        labels = {"outcome": outcome}
        yield from histogram(metric, labels, at_load(per_second), _seconds(mean), times)


def _calls(metric: Metric, times: Times) -> Iterator[Series]:
    for model in MODELS:
        for error, share in _CALL_ENDS:
            labels = model.call_labels | {"error_type": error}
            rate = at_load(model.calls_per_second * share)
            mean = 0.2 if error else model.mean_seconds
            yield from histogram(metric, labels, rate, _seconds(mean), times)


def _tokens(metric: Metric, times: Times) -> Iterator[Series]:
    for model in MODELS:
        for type_, mean in (("input", model.input_tokens), ("output", model.output_tokens)):
            labels = model.call_labels | {"gen_ai_token_type": type_}
            rate = at_load(model.calls_per_second)
            spread = Distribution(mean=mean, bounds=_TOKENS)
            yield from histogram(metric, labels, rate, spread, times)


def _cost(metric: Metric, times: Times) -> Iterator[Series]:
    for model in MODELS:
        rate = at_load(model.usd_per_call * model.calls_per_second)
        yield counter(metric, model.labels, rate, times)


def _retries(metric: Metric, times: Times) -> Iterator[Series]:
    for model in MODELS:
        for reason, share in (("rate_limited", 0.012), ("server_error", 0.003)):
            labels = model.labels | {"reason": reason}
            yield counter(metric, labels, at_load(model.calls_per_second * share), times)
