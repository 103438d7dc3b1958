"""Ctrl-C, SIGTERM and SIGHUP end a command in the same way: blocks clean up, then one line is printed."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_CTRL_C = 130  # also the exit status that typer gives to a KeyboardInterrupt


@contextmanager
def handled() -> Iterator[None]:
    """Make each of these signals a KeyboardInterrupt in the block; exit with 128 + the signal's number."""
    received = [signal.SIGINT]

    def interrupt(number: int, _: FrameType | None) -> None:
        received.append(signal.Signals(number))
        signal.raise_signal(signal.SIGINT)  # asyncio has its own handler for this one only

    # The parent of a background job or of nohup has it ignored; Python then installs no handler.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, interrupt)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup
        signal.signal(signal.SIGHUP, interrupt)
    try:
        yield
    except KeyboardInterrupt:
        _end(received[-1])
    except SystemExit as end:
        if end.code == _CTRL_C:
            _end(received[-1])
        raise
    finally:
        # What is left to do takes milliseconds, and Python would print a traceback of it.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)


@contextmanager
def held() -> Iterator[None]:
    """Let a signal interrupt only after the block, which is short: it starts a process, or cleans up.

    Other threads than the main one are never interrupted.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    received: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: received.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if received:
            signal.raise_signal(signal.SIGINT)


def _end(received: signal.Signals) -> None:
    by = "Ctrl-C" if received is signal.SIGINT else received.name
    print(f"Stopped by {by}. Run the same command again.", file=sys.stderr)
    # A KeyboardInterrupt in an exec() of a text (a dataclass is made with one) makes CPython end by SIGINT in spite of
    # the exit status (`unhandled_keyboard_interrupt` in 3.11's pythonrun.c). The next exec() takes that back.
    exec("")
    sys.exit(128 + received)
