"""A provider's limits, and a worker's share of them."""

from random import Random

import pytest

from evalctl.simulation.provider import CallRules, Provider, Share

RULES = CallRules(
    requests_per_minute=60,
    tokens_per_minute=24_000,
    concurrency=8,
    max_attempts=6,
    initial_backoff_seconds=2,
    max_backoff_seconds=60,
)


def test_a_worker_calls_in_no_minute_more_than_its_share() -> None:
    share, now, starts = Share(RULES), 0.0, []
    for _ in range(200):
        now += share.wait(now, 100)
        starts.append(now)
    for start in starts:
        assert sum(start <= at < start + 60 for at in starts) <= 60


@pytest.mark.parametrize(("tokens", "seconds"), [(100, 1.0), (900, 2.25)])
def test_the_scarcer_of_requests_and_tokens_sets_the_pace(tokens: int, seconds: float) -> None:
    share = Share(RULES)
    assert share.wait(0, tokens) == 0
    assert share.wait(0, tokens) == pytest.approx(seconds)


def test_a_provider_refuses_until_its_limit_has_refilled() -> None:
    provider = Provider(requests_per_minute=60, tokens_per_minute=10_000)
    assert provider.retry_after(0, 10_000) == 0
    after = provider.retry_after(0, 5_000)
    assert after == pytest.approx(30)
    assert provider.refused == 1
    assert provider.retry_after(after + 0.001, 5_000) == 0


def test_each_backoff_is_random_below_a_bound_that_doubles() -> None:
    random = Random(1)
    for attempt, bound in ((1, 2), (2, 4), (5, 32), (10, 60)):
        waits = [RULES.backoff(attempt, random) for _ in range(500)]
        assert bound * 0.9 < max(waits) <= bound
        assert min(waits) < bound * 0.1
