"""In any minute at most so many requests and tokens, and each call waits its turn."""

import asyncio
import time

import pytest

from workload.worker import limits
from workload.worker.limits import MinuteLimits, TooLargeError


@pytest.fixture(autouse=True)
def short_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_WINDOW_SECONDS", 1.0)
    monkeypatch.setattr(limits, "_POLL_SECONDS", 0.01)


async def _call(limits_: MinuteLimits, reserved: int, used: int, times: list[float]) -> None:
    reservation = await limits_.reserve(reserved)
    times.append(reservation.started)
    reservation.settle(used)


def _starts(calls: int, *, requests: float, tokens: float, reserved: int, used: int) -> list[float]:
    async def run() -> list[float]:
        times: list[float] = []
        together = MinuteLimits(requests=requests, tokens=tokens)
        await asyncio.gather(*(_call(together, reserved, used, times) for _ in range(calls)))
        return times

    return asyncio.run(run())


def test_no_window_holds_more_requests_than_the_limit() -> None:
    starts = _starts(7, requests=3, tokens=10**6, reserved=1, used=1)

    assert all(later - sooner >= 1.0 for sooner, later in zip(starts, starts[3:], strict=False))


def test_no_window_holds_more_tokens_than_the_limit() -> None:
    starts = _starts(5, requests=10**6, tokens=100, reserved=50, used=50)

    assert all(later - sooner >= 1.0 for sooner, later in zip(starts, starts[2:], strict=False))


def test_a_call_that_used_less_than_it_reserved_lets_others_start() -> None:
    starts = _starts(10, requests=10**6, tokens=100, reserved=90, used=1)

    assert starts[-1] - starts[0] < 1.0


def test_a_running_call_holds_its_reservation_until_it_ends() -> None:
    async def run() -> float:
        together = MinuteLimits(requests=10, tokens=100)
        long = await together.reserve(60)
        asyncio.get_running_loop().call_later(1.5, long.settle, 0)
        started = time.monotonic()
        await together.reserve(60)
        return time.monotonic() - started

    assert asyncio.run(run()) >= 1.5


def test_a_call_that_never_fits_is_refused_at_once() -> None:
    with pytest.raises(TooLargeError, match=r"may need 101 tokens, .* allows 100 in a minute"):
        asyncio.run(MinuteLimits(requests=1, tokens=100).reserve(101))
