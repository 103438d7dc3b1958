"""A signal that arrives while a process starts interrupts once its end is arranged."""

import signal
import threading
from collections.abc import Iterator

import pytest

from evalctl import interrupts


@pytest.fixture(autouse=True)
def _python_s_own_handler() -> Iterator[None]:
    """A shell that starts the tests in the background makes them ignore SIGINT."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_a_held_signal_interrupts_after_the_block() -> None:
    done = []

    def start() -> None:
        with interrupts.held():
            signal.raise_signal(signal.SIGINT)
            done.append("the rest of the block")

    with pytest.raises(KeyboardInterrupt):
        start()
    assert done == ["the rest of the block"]


def test_a_signal_after_the_block_interrupts_at_once() -> None:
    with interrupts.held():
        pass

    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_another_thread_leaves_the_handlers_alone() -> None:
    before, seen = signal.getsignal(signal.SIGINT), []

    def run() -> None:
        with interrupts.held():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()

    assert seen == [before]
