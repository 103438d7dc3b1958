"""Replaces a rendered folder or a file in one step; after a failure the old one is still there."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# The only folders that rendering writes into an environment's folder.
ENVIRONMENT_FOLDERS = frozenset(
    {"terraform", "k8s", "dashboards", "argocd", "argocd-install", "preview"}
)


class ForeignFilesError(Exception):
    """The folder to replace holds something that rendering did not write."""


def require_replaceable(folder: Path, *, environments: bool) -> None:
    """Refuse to replace a folder that holds anything but rendered environments (or one of them).

    Raises:
        ForeignFilesError: naming the first thing that would be lost.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise ForeignFilesError(f"{folder} is a file; name a folder")
    for entry in sorted(folder.iterdir()):
        if environments and entry.is_dir():
            require_replaceable(entry, environments=False)
        elif not (entry.is_dir() and entry.name in ENVIRONMENT_FOLDERS):
            raise ForeignFilesError(
                f"{entry} was not rendered and would be lost; name another folder, or move {entry.name} away"
            )


def texts(out: Path, *, only: str | None) -> dict[str, str]:
    """Path below `out` → text, of all files or of one environment's files."""
    folder = out if only is None else out / only
    return {
        path.relative_to(out).as_posix(): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@contextmanager
def replacement(folder: Path) -> Iterator[Path]:
    """An empty folder to fill. It takes the old one's place when the block ends without an error."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch:
        fresh, old = Path(scratch, "new"), Path(scratch, "old")
        fresh.mkdir()
        yield fresh
        if folder.exists():
            folder.rename(old)
        try:
            fresh.rename(folder)
        except OSError:
            if old.exists():
                old.rename(folder)
            raise
        shutil.rmtree(old, ignore_errors=True)


def write(file: Path, text: str) -> None:
    """Write the whole file, or leave the old one, even if the machine stops at any moment."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=f".{file.name}-") as scratch:
        fresh = Path(scratch, file.name)
        fresh.write_text(text, encoding="utf-8")
        if file.exists():
            fresh.chmod(file.stat().st_mode)
        fresh.replace(file)
