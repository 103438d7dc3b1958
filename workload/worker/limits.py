"""At most so many requests and tokens in any minute, for one provider.

A log of the last minute, because a bucket that refills would let through up to twice its size in some
minutes. The tokens of a call are known only after it: it reserves an upper bound, and corrects it. No
maintained library corrects a reservation.
"""

import asyncio
import time
from dataclasses import dataclass

# A second more than the provider's minute: calls do not arrive at equal intervals after they are sent.
_WINDOW_SECONDS = 61.0
_POLL_SECONDS = 0.5


class TooLargeError(Exception):
    """One call needs more tokens than a whole minute has."""


@dataclass
class Reservation:
    """One call's share of the limits."""

    tokens: int
    started: float
    ended: float | None = None

    def settle(self, tokens: int) -> None:
        """The call has ended, and this many tokens were counted."""
        self.tokens, self.ended = tokens, time.monotonic()


class MinuteLimits:
    """Calls wait in the order in which they came, until the limits allow them."""

    def __init__(self, *, requests: float, tokens: float) -> None:
        self._requests, self._tokens = requests, tokens
        self._log: list[Reservation] = []
        self._turn = asyncio.Lock()

    async def reserve(self, tokens: int) -> Reservation:
        if tokens > self._tokens:
            raise TooLargeError(
                f"a call may need {tokens} tokens, but LLM_TOKENS_PER_MINUTE allows {self._tokens:.0f} in a minute"
            )
        async with self._turn:
            while not self._allow(tokens):
                await asyncio.sleep(_POLL_SECONDS)
            reservation = Reservation(tokens, time.monotonic())
            self._log.append(reservation)
            return reservation

    def _allow(self, tokens: int) -> bool:
        minute_ago = time.monotonic() - _WINDOW_SECONDS
        self._log = [each for each in self._log if each.ended is None or each.ended > minute_ago]
        requests = sum(each.started > minute_ago for each in self._log)
        return (
            requests + 1 <= self._requests
            and sum(each.tokens for each in self._log) + tokens <= self._tokens
        )
