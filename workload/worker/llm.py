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
    wait_exponential,
    wait_random_exponential,
)

from workload.clickhouse import Row
from workload.settings import WorkerSettings
from workload.worker import metrics
from workload.worker.limits import MinuteLimits
from workload.worker.providers import (
    MOST_OUTPUT_TOKENS,
    Answer,
    CallError,
    Provider,
    ask_once,
    cost_usd,
    provider,
)

_OPERATION = "chat"
# The tokens of a text are known only after the call. English has 4 to 5 bytes in a token, Chinese about 3.
_BYTES_A_TOKEN = 3
# Not one of the provider's refusals, but repeated too.
_REPEATED = {"timeout", "connection", "invalid_response"}


class _Limited:
    """A provider's client, and what all jobs of this worker may send to it."""

    def __init__(self, client: Provider, settings: WorkerSettings) -> None:
        self.client = client
        self.at_a_time = asyncio.Semaphore(settings.llm_concurrency)
        self.in_a_minute = MinuteLimits(
            requests=settings.llm_requests_per_minute, tokens=settings.llm_tokens_per_minute
        )


class Llm:
    """All jobs of a worker share it, in one event loop."""

    def __init__(self, settings: WorkerSettings) -> None:
        self.settings = settings
        self._providers: dict[str, _Limited] = {}

    def limited(self, name: str) -> _Limited:
        if name not in self._providers:
            self._providers[name] = _Limited(provider(name, self.settings), self.settings)
        return self._providers[name]


@dataclass
class Judge:
    """The calls of one job. `record` receives a row of `llm_calls` for each call."""

    llm: Llm
    provider: str
    model: str
    run_id: UUID
    record: Callable[[Row], Awaitable[None]]
    _records: set[asyncio.Task[None]] = field(default_factory=set)

    async def ask(self, prompt: str, schema: type[BaseModel] | None) -> str | BaseModel:
        """The model's answer, as `schema` if one is given."""
        cost_usd(self.provider, self.model, Answer("", 0, 0))  # before anything is paid
        settings = self.llm.settings
        async for attempt in AsyncRetrying(
            retry=retry_if_exception(self._is_repeated),
            stop=stop_after_attempt(settings.llm_max_attempts),
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
        limited = self.llm.limited(self.provider)
        needed = len(prompt.encode()) // _BYTES_A_TOKEN + MOST_OUTPUT_TOKENS
        async with limited.at_a_time:
            reservation = await limited.in_a_minute.reserve(needed)
            began, started = time.time(), time.monotonic()
            # If the job ends during the call, the provider may still answer, and bill all of it.
            answer, error_type, counted = Answer("", 0, 0), "cancelled", needed
            try:
                answer = await ask_once(
                    limited.client,
                    self.model,
                    prompt,
                    seconds=self.llm.settings.llm_timeout_seconds,
                )
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
                self._measure(answer, error_type, began, time.monotonic() - started, attempt)

    def _measure(
        self, answer: Answer, error_type: str, began: float, seconds: float, attempt: int
    ) -> None:
        labels = (self.provider, self.model)
        cost = cost_usd(*labels, answer)
        metrics.CALL_DURATION.labels(_OPERATION, *labels, error_type).observe(seconds)
        if answer.input_tokens or answer.output_tokens:
            for kind, tokens in (("input", answer.input_tokens), ("output", answer.output_tokens)):
                metrics.TOKENS.labels(_OPERATION, *labels, kind).observe(tokens)
            metrics.COST.labels(*labels).inc(cost)
        row = {
            "called_at": round(began, 3),
            "environment": self.llm.settings.environment,
            "run_id": str(self.run_id),
            "provider": self.provider,
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
        statuses = self.llm.settings.llm_retry_status_codes.split(",")
        return isinstance(error, CallError) and error.error_type in {*statuses, *_REPEATED}

    def _wait(self, state: RetryCallState) -> float:
        """Full jitter, so that workers that failed together do not return together; Retry-After is the least."""
        settings = self.llm.settings
        growing = (
            wait_random_exponential if settings.llm_backoff_jitter == "full" else wait_exponential
        )
        backoff = growing(
            multiplier=settings.llm_initial_backoff_seconds,
            exp_base=settings.llm_backoff_multiplier,
            max=settings.llm_max_backoff_seconds,
        )(state)
        error = _error_of(state)
        if not settings.llm_respect_retry_after or not error.retry_after_seconds:
            return backoff
        return error.retry_after_seconds + random.uniform(0, settings.llm_initial_backoff_seconds)

    def _count_retry(self, state: RetryCallState) -> None:
        error_type = _error_of(state).error_type
        reason = {"429": "rate_limited", "408": "timeout", "timeout": "timeout"}.get(
            error_type, "server_error"
        )
        metrics.RETRIES.labels(self.provider, self.model, reason).inc()


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
