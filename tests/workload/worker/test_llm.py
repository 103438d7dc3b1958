"""Calls of the providers: what is repeated, when, what is counted, and where the limits are."""

import asyncio
from collections.abc import Iterator
from uuid import uuid4

import pytest
from prometheus_client import REGISTRY
from pydantic import BaseModel

from tests.workload.test_settings import VARIABLES
from tests.workload.worker import provider as stand_in
from tests.workload.worker.conftest import SETTINGS
from tests.workload.worker.provider import JUDGEMENT, Reply
from workload.clickhouse import Row
from workload.settings import WorkerSettings
from workload.worker.llm import Calls, Provider
from workload.worker.providers import CallError, JudgeError

MODELS = {"openai": "gpt-4.1-mini", "anthropic": "claude-haiku-4-5"}
PROVIDERS = pytest.mark.parametrize("name", MODELS)


class Reasoned(BaseModel):
    reason: str


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[stand_in.Provider]:
    for variable, value in (VARIABLES | SETTINGS).items():
        monkeypatch.setenv(variable, value)
    with stand_in.provider() as running:
        monkeypatch.setenv("OPENAI_BASE_URL", f"{running.url}/v1")
        monkeypatch.setenv("ANTHROPIC_BASE_URL", running.url)
        yield running


def _ask(
    name: str, *, prompts: int = 1, model: str | None = None, **settings: object
) -> tuple[list[object], list[Row]]:
    """What each prompt gave, an answer or an error, and the rows of `llm_calls`."""
    rows: list[Row] = []

    async def record(row: Row) -> None:
        rows.append(row)

    async def run() -> list[object]:
        provider = Provider(name, WorkerSettings().model_copy(update=settings))
        calls = Calls(provider, model or MODELS[name], uuid4(), record)
        answers = (calls.ask(f"prompt {number}", Reasoned) for number in range(prompts))
        results: list[object] = list(await asyncio.gather(*answers, return_exceptions=True))
        await calls.recorded()
        return results

    return asyncio.run(run()), rows


def _retries(name: str, reason: str) -> float:
    labels = {"gen_ai_provider_name": name, "gen_ai_request_model": MODELS[name]}
    return REGISTRY.get_sample_value("eval_llm_retries_total", labels | {"reason": reason}) or 0


@PROVIDERS
def test_an_answer_is_counted_and_costs_what_the_price_list_has(
    name: str, server: stand_in.Provider
) -> None:
    ((answer,), (row,)) = _ask(name)

    assert answer == Reasoned(reason="All of it is in the context.")
    prices = {"openai": (0.4, 1.6), "anthropic": (1, 5)}[name]
    tokens = (row["input_tokens"], row["output_tokens"])
    assert tokens[1] == 10
    cost = sum(int(str(t)) * price for t, price in zip(tokens, prices, strict=True)) / 1e6
    assert row["cost_usd"] == f"{cost:.6f}"
    assert (row["attempt"], row["error_type"]) == (1, "")


@PROVIDERS
@pytest.mark.parametrize(
    ("reply", "error_type", "reason"),
    [
        (Reply(status=429), "429", "rate_limited"),
        (Reply(status=503), "503", "server_error"),
        (Reply(status=529), "529", "server_error"),
        (Reply(status=408), "408", "timeout"),
        (Reply(body=b"<html>"), "invalid_response", "server_error"),
        (Reply(body=b"{}"), "invalid_response", "server_error"),
        (Reply(text="I cannot judge this."), "invalid_response", "server_error"),
        (Reply(seconds=6), "timeout", "timeout"),
    ],
)
def test_a_failed_call_is_made_again_once_and_both_are_rows(
    name: str, reply: Reply, error_type: str, reason: str, server: stand_in.Provider
) -> None:
    server.replies.append(reply)
    before = _retries(name, reason)

    ((answer,), rows) = _ask(name, llm_timeout_seconds=3.0)

    assert isinstance(answer, Reasoned)
    assert len(server.requests) == 2, "the SDK's own retries are off"
    assert [(row["attempt"], row["error_type"]) for row in rows] == [(1, error_type), (2, "")]
    assert _retries(name, reason) - before == 1


@PROVIDERS
def test_other_refusals_are_not_repeated(name: str, server: stand_in.Provider) -> None:
    server.default = Reply(status=401)

    ((error,), rows) = _ask(name)

    assert isinstance(error, CallError)
    assert error.error_type == "401"
    assert len(server.requests) == len(rows) == 1


@PROVIDERS
def test_the_last_attempt_ends_the_case(name: str, server: stand_in.Provider) -> None:
    server.default = Reply(status=500)

    ((error,), rows) = _ask(name, llm_max_attempts=4)

    assert isinstance(error, CallError)
    assert [row["attempt"] for row in rows] == [1, 2, 3, 4]


@PROVIDERS
def test_retry_after_is_the_least_that_a_retry_waits(name: str, server: stand_in.Provider) -> None:
    server.replies.append(Reply(status=429, headers={"Retry-After": "2"}))

    _ask(name)

    first, second = (at for at, _ in server.requests)
    assert second - first >= 2


def test_waits_are_random_below_a_bound_that_grows(server: stand_in.Provider) -> None:
    server.default = Reply(status=500)
    _ask("openai", prompts=12, llm_concurrency=12, llm_initial_backoff_seconds=0.5)

    times = sorted(at for at, _ in server.requests)
    assert len(times) == 36
    retried = [at - times[0] for at in times[12:]]
    assert len({round(at, 2) for at in retried}) > 12, "they do not come back together"


def test_at_most_so_many_calls_run_at_a_time(server: stand_in.Provider) -> None:
    server.default = Reply(seconds=1)

    _ask("openai", prompts=12, llm_concurrency=3)

    assert server.most_at_a_time == 3


def test_no_more_calls_than_a_minute_allows_are_sent(server: stand_in.Provider) -> None:
    async def run() -> None:
        settings = WorkerSettings().model_copy(update={"llm_requests_per_minute": 5.0})
        calls = Calls(Provider("openai", settings), MODELS["openai"], uuid4(), _nothing)
        answers = asyncio.gather(*(calls.ask("prompt", Reasoned) for _ in range(20)))
        await asyncio.wait([answers], timeout=8)
        answers.cancel()

    asyncio.run(run())
    assert len(server.requests) == 5


async def _nothing(_: Row) -> None:
    """Keeps no row."""


def test_a_model_without_a_price_is_not_called(server: stand_in.Provider) -> None:
    ((error,), rows) = _ask("openai", model="gpt-unknown")

    assert isinstance(error, JudgeError)
    assert "'gpt-unknown' is not in DeepEval's list" in str(error)
    assert not server.requests
    assert not rows


def test_a_missing_key_fails_the_case_and_names_the_variable(
    server: stand_in.Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY")

    ((error,), rows) = _ask("anthropic", anthropic_api_key=None)

    assert not rows
    assert isinstance(error, JudgeError)
    assert "ANTHROPIC_API_KEY is missing" in str(error)


def test_json_in_a_fence_is_read(server: stand_in.Provider) -> None:
    server.replies.append(Reply(text=f"Here it is:\n```json\n{JUDGEMENT}\n```"))

    ((answer,), rows) = _ask("openai")

    assert isinstance(answer, Reasoned)
    assert len(rows) == 1
