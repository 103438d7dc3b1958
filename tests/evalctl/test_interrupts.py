"""A signal interrupts once the end of what starts is arranged, and is the exit status of the command."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from evalctl import interrupts
from tests.support.paths import ROOT

pytestmark = pytest.mark.usefixtures("interruptible")


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


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("interrupted", ["{}", "exec({!r})"], ids=["code", "the text of an exec"])
def test_the_exit_status_is_that_of_the_signal(
    tmp_path: Path, number: signal.Signals, interrupted: str
) -> None:
    kill = interrupted.format(f"os.kill(os.getpid(), {int(number)})")
    (tmp_path / "killed.py").write_text(
        f"import os\nfrom evalctl import interrupts\nwith interrupts.handled():\n    {kill}\n"
    )
    ended = subprocess.run(
        [sys.executable, "-m", "killed"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 128 + number
    assert ended.stderr.startswith("Stopped by ")
