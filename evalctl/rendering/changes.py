"""Writes and removes many files as one change: all of them, or after an error or a kill none of them.

The old and the new texts are in a journal before the first file changes. An error undoes the change at
once. After a kill the journal is still there, and the next run undoes the change first.
"""

import contextlib
import errno
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from evalctl.rendering.scratch import Scratch


@dataclass(frozen=True)
class Change:
    """A file's text before and after; None when there is no file."""

    file: Path
    old: str | None
    new: str | None


def text_of(file: Path) -> str | None:
    """The file's exact bytes as text, also when they are not UTF-8; None if there is no file."""
    try:
        return file.read_bytes().decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        return None


def apply(changes: Sequence[Change], *, root: Path, scratch: Scratch) -> None:
    """Make these changes, or none of them. Folders below `root` that become empty are removed."""
    changes = [change for change in changes if change.old != change.new]
    if not changes:
        return
    steps = [(str(change.file), change.old, change.new) for change in changes]
    _write(scratch.journal, json.dumps({"root": str(root), "steps": steps}), scratch)
    try:
        for change in changes:
            _put(change.file, change.new, root, scratch)
        scratch.journal.unlink()
    except BaseException:
        undo_interrupted(scratch)
        raise


def undo_interrupted(scratch: Scratch) -> list[Path]:
    """Undo the change that was cut off, if there is one; the files that have their old text again.

    A file that has another text than the change gave it was edited since then, and stays as it is.
    """
    journal = text_of(scratch.journal)
    if journal is None:
        return []
    document = json.loads(journal)
    root, undone = Path(document["root"]), []
    for name, old, new in document["steps"]:
        file = Path(name)
        found = text_of(file)
        if found == new:
            undone.append(file)
        if found == new or found is old is None:  # the second: its new folder may be there already
            _put(file, old, root, scratch)
    scratch.journal.unlink()
    return undone


def _put(file: Path, text: str | None, root: Path, scratch: Scratch) -> None:
    if text is not None:
        _write(file, text, scratch)
        return
    file.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # the first folder that is not empty
        for folder in file.parents:
            if folder == root or root not in folder.parents:
                break
            folder.rmdir()


def _write(file: Path, text: str, scratch: Scratch) -> None:
    """Replace the whole file in one step."""
    data = text.encode("utf-8", "surrogateescape")
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = scratch.folder / "file"
    fresh.write_bytes(data)
    if file.exists():
        fresh.chmod(file.stat().st_mode)
    try:
        fresh.replace(file)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise OSError(error.errno, error.strerror, str(file)) from error
        file.write_bytes(data)  # `--out` on another file system
