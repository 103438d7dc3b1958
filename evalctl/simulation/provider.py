"""An LLM provider with limits, and a worker's own limits and retries, as they are rendered."""

from dataclasses import dataclass, field
from random import Random


@dataclass(frozen=True, kw_only=True)
class CallRules:
    """How a worker calls a provider: its share of the limits, and its backoff."""

    requests_per_minute: int
    tokens_per_minute: int
    concurrency: int
    max_attempts: int
    initial_backoff_seconds: float
    max_backoff_seconds: float

    def backoff(self, attempt: int, random: Random) -> float:
        """Full jitter after so many failed attempts: a random time up to a bound that doubles."""
        bound = self.initial_backoff_seconds * 2 ** (attempt - 1)
        return random.uniform(0, min(bound, self.max_backoff_seconds))


@dataclass
class Share:
    """A worker's share of the limits: in no minute it calls more, because its calls are spread evenly."""

    rules: CallRules
    _free_at: float = 0.0

    def wait(self, now: float, tokens: int) -> float:
        """Seconds until a call may start; the call is counted."""
        start = max(now, self._free_at)
        self._free_at = start + 60 * max(
            1 / self.rules.requests_per_minute, tokens / self.rules.tokens_per_minute
        )
        return start - now


@dataclass
class Provider:
    """Refuses calls above its limits, which refill continuously (Claude API, "Rate limits": token bucket)."""

    requests_per_minute: int
    tokens_per_minute: int
    refused: int = 0
    _time: float = 0.0
    _requests: float = field(init=False)
    _tokens: float = field(init=False)

    def __post_init__(self) -> None:
        self._requests, self._tokens = (
            float(self.requests_per_minute),
            float(self.tokens_per_minute),
        )

    def retry_after(self, now: float, tokens: int) -> float:
        """0 if the call is taken; otherwise the seconds of a 429's Retry-After."""
        passed, self._time = now - self._time, now
        most_requests, most_tokens = self.requests_per_minute, self.tokens_per_minute
        self._requests = min(self._requests + passed * most_requests / 60, most_requests)
        self._tokens = min(self._tokens + passed * most_tokens / 60, most_tokens)
        missing = max((1 - self._requests) / most_requests, (tokens - self._tokens) / most_tokens)
        if missing > 0:
            self.refused += 1
            return missing * 60
        self._requests -= 1
        self._tokens -= tokens
        return 0.0
