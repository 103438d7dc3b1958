"""Waits for something that a program does."""

import time
from collections.abc import Callable

from evalctl.conformance.program import BrokenError


def until(condition: Callable[[], bool], *, seconds: float, what: str) -> float:
    """The seconds until the condition holds.

    Raises:
        BrokenError: it did not hold in time.
    """
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > seconds:
            raise BrokenError(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.1)
    return time.monotonic() - began


def holds(condition: Callable[[], bool], *, seconds: float, what: str) -> None:
    """The condition holds all the time.

    Raises:
        BrokenError: it did not hold at some moment.
    """
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        if not condition():
            raise BrokenError(f"after {time.monotonic() - began:.1f} s, no longer: {what}")
        time.sleep(0.1)


def require(condition: bool, evidence: str) -> None:
    """Raises BrokenError with the evidence if the condition does not hold."""
    if not condition:
        raise BrokenError(evidence)
