"""Calls of LLM providers within this worker's limits, repeated after failures, each one measured and billed."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from uuid import UUID

from pydantic import BaseModel, ValidationError
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    wait_random_exponential,
)

from workload.clickhouse import Row
from workload.settings import WorkerSettings
from workload.worker import metrics, providers
from workload.worker.limits import MinuteLimits
from workload.worker.providers import MOST_OUTPUT_TOKENS, Answer, CallError, ask_once, cost_usd

_OPERATION = "chat"
# The tokens of a text are known only after the call. English has 4 to 5 bytes in a token, Chinese about 3.
_BYTES_A_TOKEN = 3
# Not one of the provider's refusals, but repeated too.
_REPEATED = {"timeout", "connection", "invalid_response"}


class Provider:
    """One provider, and what all jobs of this worker may send to it."""

    def __init__(self, name: str, settings: WorkerSettings) -> None:
        self.name, self.settings = name, settings
        self.at_a_time = asyncio.Semaphore(settings.llm_concurrency)
        self.in_a_minute = MinuteLimits(
            requests=settings.llm_requests_per_minute, tokens=settings.llm_tokens_per_minute
        )
        key = {"openai": settings.openai_api_key, "anthropic": settings.anthropic_api_key}[name]
        self.client = providers.CLIENTS[name](key, settings.llm_timeout_seconds) if key else None


@dataclass
class Calls:
    """The calls of one job. `record` receives a row of `llm_calls` for each call."""

    provider: Provider
    model: str
    run_id: UUID
    record: Callable[[Row], Awaitable[None]]
    _records: set[asyncio.Task[None]] = field(default_factory=set)

    async def ask(self, prompt: str, schema: type[BaseModel] | None) -> str | BaseModel:
        """The model's answer, as `schema` if one is given."""
        cost_usd(self.provider.name, self.model, Answer("", 0, 0))  # before anything is paid
        async for attempt in AsyncRetrying(
            retry=retry_if_exception(self._is_repeated),
            stop=stop_after_attempt(self.provider.settings.llm_max_attempts),
            wait=self._wait,
            before_sleep=self._count_retry,
            reraise=True,
        ):
            with attempt:
                return await self._call(prompt, schema, attempt.retry_state.attempt_number)
        raise AssertionError("unreachable: the last attempt raises its error")

    async def recorded(self, *, seconds: float | None = None) -> None:
        """Returns when every call so far is in ClickHouse, or after this time."""
        if self._records:
            await asyncio.wait(self._records, timeout=seconds)

    async def _call(
        self, prompt: str, schema: type[BaseModel] | None, attempt: int
    ) -> str | BaseModel:
        provider, client = self.provider, self.provider.client
        if client is None:
            raise providers.JudgeError(f"{provider.name.upper()}_API_KEY is missing")
        needed = len(prompt.encode()) // _BYTES_A_TOKEN + MOST_OUTPUT_TOKENS
        seconds = provider.settings.llm_timeout_seconds
        async with provider.at_a_time:
            reservation = await provider.in_a_minute.reserve(needed)
            started = time.monotonic()
            # If the job ends during the call, the provider may still answer, and bill all of it.
            answer, error_type, counted = Answer("", 0, 0), "cancelled", needed
            try:
                answer = await ask_once(client, self.model, prompt, seconds=seconds)
                counted = answer.input_tokens + answer.output_tokens
                parsed, error_type = _parse(answer.text, schema), ""
                return parsed
            except CallError as error:
                error_type = error.error_type
                if error_type.isdigit():  # refused: no answer was made
                    counted = needed - MOST_OUTPUT_TOKENS
                raise
            finally:
                reservation.settle(counted)
                self._measure(answer, error_type, time.monotonic() - started, attempt)

    def _measure(self, answer: Answer, error_type: str, seconds: float, attempt: int) -> None:
        labels = (self.provider.name, self.model)
        cost = cost_usd(*labels, answer)
        metrics.CALL_DURATION.labels(_OPERATION, *labels, error_type).observe(seconds)
        if answer.input_tokens or answer.output_tokens:
            for kind, tokens in (("input", answer.input_tokens), ("output", answer.output_tokens)):
                metrics.TOKENS.labels(_OPERATION, *labels, kind).observe(tokens)
            metrics.COST.labels(*labels).inc(cost)
        row = {
            "called_at": round(time.time() - seconds, 3),
            "environment": self.provider.settings.environment,
            "run_id": str(self.run_id),
            "provider": self.provider.name,
            "model": self.model,
            "operation": _OPERATION,
            "input_tokens": answer.input_tokens,
            "output_tokens": answer.output_tokens,
            "cost_usd": f"{cost:.6f}",
            "duration_ms": round(seconds * 1000),
            "attempt": attempt,
            "error_type": error_type,
        }
        # A call is written while the next one runs, and not lost if this job is cancelled.
        self._records.add(asyncio.ensure_future(self.record(row)))

    def _is_repeated(self, error: BaseException) -> bool:
        statuses = self.provider.settings.llm_retry_status_codes.split(",")
        return isinstance(error, CallError) and error.error_type in {*statuses, *_REPEATED}

    def _wait(self, state: RetryCallState) -> float:
        """Full jitter, so that workers that failed together do not return together; Retry-After is the least."""
        settings, least = self.provider.settings, _error_of(state).retry_after_seconds
        if settings.llm_respect_retry_after and least:
            return least + random.uniform(0, settings.llm_initial_backoff_seconds)
        return wait_random_exponential(
            multiplier=settings.llm_initial_backoff_seconds,
            exp_base=settings.llm_backoff_multiplier,
            max=settings.llm_max_backoff_seconds,
        )(state)

    def _count_retry(self, state: RetryCallState) -> None:
        error_type = _error_of(state).error_type
        reason = {"429": "rate_limited", "408": "timeout", "timeout": "timeout"}.get(
            error_type, "server_error"
        )
        metrics.RETRIES.labels(self.provider.name, self.model, reason).inc()


def _error_of(state: RetryCallState) -> CallError:
    assert state.outcome is not None
    error = state.outcome.exception()
    assert isinstance(error, CallError)
    return error


def _parse(text: str, schema: type[BaseModel] | None) -> str | BaseModel:
    """Models like to wrap JSON in a fence or a sentence."""
    if schema is None:
        return text
    try:
        return schema.model_validate_json(text[text.find("{") : text.rfind("}") + 1])
    except ValidationError as error:
        raise CallError("invalid_response", f"not in the judge's format: {error}") from error
