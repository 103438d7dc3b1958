"""Many files change together or not at all, even when the process is killed in the middle."""

import errno
import os
from pathlib import Path

import pytest

from evalctl.rendering import changes
from evalctl.rendering.changes import Change
from evalctl.rendering.scratch import Scratch
from tests.evalctl.rendering.test_tree import contents

BEFORE = {"a/changed": "old", "a/removed": "old", "b/removed": "old"}
AFTER = {"a/changed": "new", "c/added": "new", "c/d/added": "new"}


class Killed(BaseException):
    """Stands for a SIGKILL: nothing runs after it."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in BEFORE.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def steps(root: Path) -> list[Change]:
    return [
        Change(root / name, BEFORE.get(name), AFTER.get(name))
        for name in sorted(BEFORE.keys() | AFTER.keys())
    ]


def stop_at(
    monkeypatch: pytest.MonkeyPatch, step: int, error: BaseException, *, with_undo: bool
) -> None:
    """Raise the error instead of a write or a removal; `with_undo`: the undo does not run either."""
    count = 0

    def counted(name: str) -> None:
        original = getattr(Path, name)

        def wrapped(path: Path, *arguments: object, **options: object) -> object:
            nonlocal count
            count += 1
            if count == step:
                raise error
            return original(path, *arguments, **options)

        monkeypatch.setattr(Path, name, wrapped)

    # A folder that cannot be removed is no error: it may hold what was put there since.
    for name in ("replace", "unlink", "write_bytes", *(["rmdir"] if with_undo else [])):
        counted(name)
    if with_undo:
        monkeypatch.setattr(changes, "undo_interrupted", lambda scratch: [])


def test_all_files_change_and_nothing_is_left(root: Path, scratch: Scratch) -> None:
    changes.apply(steps(root), root=root, scratch=scratch)
    assert contents(root) == AFTER
    assert not (root / "b").exists()
    assert not scratch.journal.exists()
    assert changes.undo_interrupted(scratch) == []


@pytest.mark.parametrize("step", range(1, 12))
@pytest.mark.parametrize("killed", [False, True], ids=["error", "kill"])
def test_a_change_that_stops_at_any_step_leaves_the_old_files(
    root: Path, scratch: Scratch, monkeypatch: pytest.MonkeyPatch, step: int, killed: bool
) -> None:
    error = Killed() if killed else OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "x")
    with monkeypatch.context() as patched:
        stop_at(patched, step, error, with_undo=killed)
        try:
            changes.apply(steps(root), root=root, scratch=scratch)
        except (Killed, OSError) as raised:
            assert isinstance(raised, type(error))  # noqa: PT017
        else:
            pytest.fail("there are fewer steps")
    if killed:
        changes.undo_interrupted(scratch)
    assert contents(root) == BEFORE
    assert {entry.name for entry in root.iterdir()} == {"a", "b"}
    assert not scratch.journal.exists()


def test_what_was_edited_after_a_kill_stays(
    root: Path, scratch: Scratch, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        stop_at(patched, 10, Killed(), with_undo=True)
        with pytest.raises(Killed):
            changes.apply(steps(root), root=root, scratch=scratch)
    assert (root / "a/changed").read_text() == "new"
    (root / "a/changed").write_text("edited")

    changes.undo_interrupted(scratch)

    assert contents(root) == {**BEFORE, "a/changed": "edited"}


def test_a_file_keeps_its_mode_and_bytes_that_are_no_text_come_back(
    tmp_path: Path, scratch: Scratch
) -> None:
    file, blocked = tmp_path / "file", tmp_path / "blocked"
    file.write_bytes(b"\xff\r\n")
    file.chmod(0o640)
    blocked.mkdir()
    made = [Change(file, changes.text_of(file), "new"), Change(blocked, None, "new")]
    with pytest.raises(IsADirectoryError) as error:
        changes.apply(made, root=tmp_path, scratch=scratch)
    assert error.value.filename == str(blocked)
    assert file.read_bytes() == b"\xff\r\n"

    changes.apply(made[:1], root=tmp_path, scratch=scratch)

    assert file.read_text() == "new"
    assert file.stat().st_mode & 0o777 == 0o640


def test_a_folder_on_another_file_system_can_be_written(
    tmp_path: Path, scratch: Scratch, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = Path.replace

    def across(path: Path, target: Path) -> Path:
        if target.is_relative_to(tmp_path):
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), str(path))
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", across)
    changes.apply([Change(tmp_path / "a" / "b", None, "new")], root=tmp_path, scratch=scratch)
    assert contents(tmp_path) == {"a/b": "new"}
