"""The scratch folder of this checkout, `.evalctl/`, which git ignores; one process uses it at a time."""

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from environments import images
from evalctl import interrupts

FOLDER = images.FILE.parents[1] / ".evalctl"
WAIT_SECONDS = 60
_LOCK = "lock"
_JOURNAL = "journal.json"


class BusyError(Exception):
    """Another process used the scratch folder for longer than this one waited."""


@dataclass(frozen=True)
class Scratch:
    """A folder on the checkout's file system. What is in it at the end of the run is removed.

    `lock` is a file descriptor. A program that writes into the folder inherits it: the next run then
    waits for that program, even when this process was killed.
    """

    folder: Path
    lock: int

    @property
    def journal(self) -> Path:
        """The only file that a killed process leaves to the next run, which reads it first."""
        return self.folder / _JOURNAL

    def sweep(self) -> None:
        """Remove everything except the lock and the journal, without interruption by a signal."""
        with interrupts.held():
            for entry in self.folder.iterdir():
                if entry.is_dir() and not entry.is_symlink():
                    shutil.rmtree(entry, ignore_errors=True)
                elif entry.name not in (_LOCK, _JOURNAL):
                    entry.unlink()


@contextmanager
def exclusive(
    folder: Path = FOLDER,
    *,
    on_wait: Callable[[str], None],
    seconds: float = WAIT_SECONDS,
) -> Iterator[Scratch]:
    """The scratch folder, from when no other process uses it; `on_wait` gets the other one's id.

    Raises:
        BusyError: another process still used it after these seconds.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        _acquire(lock, on_wait, seconds)
        os.truncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
        scratch = Scratch(folder, lock)
        scratch.sweep()
        try:
            yield scratch
        finally:
            scratch.sweep()
    finally:
        os.close(lock)


def _acquire(lock: int, on_wait: Callable[[str], None], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    waiting = False
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            pass
        process = os.pread(lock, 20, 0).decode() or "unknown"
        if not waiting:
            on_wait(process)
        waiting = True
        if time.monotonic() > deadline:
            raise BusyError(
                f"Another evalctl (process {process}) still writes in this checkout after {seconds:.0f} s; "
                f"nothing was done. Run this again when it has ended, or end it: kill {process}"
            )
        time.sleep(0.1)
