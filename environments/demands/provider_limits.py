"""The LLM providers' limits, shared by all workers that may run at once."""

from collections.abc import Iterator

from environments.demands.demand import Demand
from environments.spec import Environment

_TOKENS_OF_A_SHORT_CALL = 1_000


def demands(env: Environment) -> Iterator[Demand]:
    worker, calls = env.worker, env.worker.llm_calls
    if worker.max_replicas < 1:  # refused by another rule
        return
    advice = "ask the provider for more, or lower worker.max_replicas"
    for unit, limit, share, least, problem in (
        (
            "requests",
            calls.provider_requests_per_minute,
            worker.llm_requests_per_minute,
            1,
            f"worker.llm_calls.provider_requests_per_minute: {calls.provider_requests_per_minute} is less than one for "
            f"each of {worker.max_replicas} workers; {advice}",
        ),
        (
            "tokens",
            calls.provider_tokens_per_minute,
            worker.llm_tokens_per_minute,
            _TOKENS_OF_A_SHORT_CALL,
            f"worker.llm_calls.provider_tokens_per_minute: {calls.provider_tokens_per_minute} is less than a short call "
            f"of {_TOKENS_OF_A_SHORT_CALL} tokens for each of {worker.max_replicas} workers; {advice}",
        ),
    ):
        yield Demand(
            what=f"{unit} a minute at a provider",
            needs=share * worker.most_at_once,
            has=limit,
            counted=f"{share} for each of {worker.max_replicas} workers and "
            f"{worker.most_at_once - worker.max_replicas} that drain",
            problem=f"worker.llm_calls: {worker.most_at_once} workers with {share} {unit} a minute each exceed the "
            f"provider's {limit}; {advice}",
        )
        yield Demand(
            what=f"{unit} a minute for a worker",
            needs=least,
            has=share,
            counted=f"nine tenths of the provider's {limit}, shared by {worker.most_at_once}",
            problem=problem,
        )
