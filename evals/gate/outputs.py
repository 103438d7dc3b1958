"""Checks the files that the gate writes, before one is deleted: only an old one of the gate is replaced."""

import json
import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path

_SUMMARY = b"## Quality gate: "  # the first bytes of the Markdown
_ROW = {"evaluated_at", "run_id", "case_id", "metric", "score"}


class CannotReplaceError(Exception):
    """A file is not the gate's to replace, or cannot be written; nothing was deleted."""


def check(files: Mapping[str, Path | None]) -> None:
    """Refuse what the gate did not write; `files` are by option.

    Raises:
        CannotReplaceError: it names the file and the option.
    """
    given = {option: file for option, file in files.items() if file is not None}
    places = [Path(os.path.realpath(file.parent)) / file.name for file in given.values()]
    if len(set(places)) < len(places):
        raise CannotReplaceError(f"{' and '.join(given)} must be different files.")
    for option, file in given.items():
        if problem := _problem(file, _RECOGNIZES[option]):
            raise CannotReplaceError(f"{option} {file}: {problem}. Name a new file.")


def delete(files: Mapping[str, Path | None]) -> None:
    """Delete the checked files, so that those of an earlier run are never read as this run's."""
    for file in files.values():
        if file is not None:
            file.unlink(missing_ok=True)


def _problem(file: Path, recognizes: Callable[[bytes], bool]) -> str | None:
    try:
        mode = file.lstat().st_mode  # a link is not followed: only the link would be replaced
    except FileNotFoundError:
        return _folder_problem(file.parent)
    except OSError as error:
        return f"it cannot be written ({error.strerror})"
    if not stat.S_ISREG(mode):
        return "it is a folder, a link or a device, not a file"
    content = file.read_bytes()
    if content and not recognizes(content):
        return "the gate did not write this file, so it is not replaced"
    return _folder_problem(file.parent)


def _folder_problem(folder: Path) -> str | None:
    existing = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    if not existing.is_dir():
        return f"{existing} is not a folder"
    return None if os.access(existing, os.W_OK | os.X_OK) else f"{existing} cannot be written"


def _is_report(content: bytes) -> bool:
    """A report of this or of an earlier version."""
    return {"schema_version", "verdict", "reasons"} <= _keys(content)


def _is_summary(content: bytes) -> bool:
    return content.startswith(_SUMMARY)


def _is_rows(content: bytes) -> bool:
    return all(_keys(line) >= _ROW for line in content.splitlines())


def _keys(text: bytes) -> set[str]:
    try:
        document = json.loads(text)
    except ValueError:
        return set()
    return set(document) if isinstance(document, dict) else set()


_RECOGNIZES = {"--out": _is_report, "--summary": _is_summary, "--rows": _is_rows}
