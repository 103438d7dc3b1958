"""One process at a time uses the scratch folder, and finds it swept."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from evalctl.rendering import scratch


def test_another_process_is_waited_for_and_then_reported(tmp_path: Path) -> None:
    waited: list[str] = []
    with scratch.exclusive(tmp_path, on_wait=pytest.fail):
        with (
            pytest.raises(scratch.BusyError, match=r"process \d+\) still writes .* end it: kill"),
            scratch.exclusive(tmp_path, on_wait=waited.append, seconds=0.2),
        ):
            pytest.fail("two processes at a time")
        assert len(waited) == 1
    with scratch.exclusive(tmp_path, on_wait=pytest.fail):
        pass


def test_a_program_that_inherited_the_lock_holds_it_after_a_kill(tmp_path: Path) -> None:
    with scratch.exclusive(tmp_path, on_wait=pytest.fail) as place:
        program = subprocess.Popen(
            [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=[place.lock]
        )
    with (
        pytest.raises(scratch.BusyError),
        scratch.exclusive(tmp_path, on_wait=lambda _: None, seconds=0.1),
    ):
        pytest.fail("it still runs")
    program.communicate(b"\n")
    with scratch.exclusive(tmp_path, on_wait=pytest.fail):
        pass


def test_what_a_killed_run_left_is_removed_before_and_after(tmp_path: Path) -> None:
    (tmp_path / "fresh" / "dev").mkdir(parents=True)
    (tmp_path / "file").write_text("")
    with scratch.exclusive(tmp_path, on_wait=pytest.fail) as place:
        assert [entry.name for entry in tmp_path.iterdir()] == ["lock"]
        (place.folder / "fresh").mkdir()
        place.journal.write_text("{}")
    assert {entry.name for entry in tmp_path.iterdir()} == {"lock", "journal.json"}


@pytest.mark.usefixtures("interruptible")
def test_a_signal_while_a_run_cleans_up_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove = shutil.rmtree

    def signalled(path: Path, *, ignore_errors: bool) -> None:
        signal.raise_signal(signal.SIGINT)
        remove(path, ignore_errors=ignore_errors)

    def run() -> None:
        with scratch.exclusive(tmp_path, on_wait=pytest.fail) as place:
            for name in ("fresh", "temporary"):
                (place.folder / name).mkdir()
            monkeypatch.setattr(shutil, "rmtree", signalled)

    with pytest.raises(KeyboardInterrupt):
        run()
    assert [entry.name for entry in tmp_path.iterdir()] == ["lock"]
