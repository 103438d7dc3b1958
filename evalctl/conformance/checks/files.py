"""A program writes nothing outside /tmp."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from evalctl.conformance import program
from evalctl.conformance.bench import START_SECONDS, Bench
from evalctl.conformance.check import Subject, check
from evalctl.conformance.waiting import require

_UNSHARE = ("unshare", "--mount", "--map-root-user")
# Every mount of the machine becomes read-only in the program's own namespace, then /tmp is writable.
_READ_ONLY = """
set -e
while read -r _ _ _ _ folder _; do
  case "$folder" in /proc|/proc/*|/sys|/sys/*|/dev|/dev/*) ;; *) mount -o remount,bind,ro "$folder" 2>/dev/null || true ;; esac
done < /proc/self/mountinfo
mount --bind "$1" "$1" && mount -o remount,bind,rw "$1"
if touch "$2" 2>/dev/null; then echo "the root is writable in this namespace" >&2; exit 97; fi
shift 2
exec "$@"
"""


@check("it works with a read-only root: nothing outside `/tmp` is written")
def no_write_outside_tmp(bench: Bench) -> str:
    bench.stop(bench.subject)
    temporary = bench.platform.folder / "tmp"
    temporary.mkdir(exist_ok=True)
    prefix = _read_only(temporary)
    since = time.time()
    changed = {"TMPDIR": str(temporary), "HOME": "/nonexistent"}
    with bench.wrapped(bench.subject, prefix, changed=changed) as started:
        program.ready(started, seconds=START_SECONDS)
        run = bench.start(1) if bench.subject is Subject.WORKER else None
        if run is not None:
            bench.done(run)
        written = [] if prefix else list(_written(since))
    require(not written, f"written: {', '.join(map(str, written[:5]))}")
    if prefix:
        return "ready and at work in a mount namespace whose only writable folder stands for /tmp"
    return "this machine makes no mount namespace; no file of the working folder, /etc, /var/lib or /opt is newer"


def _read_only(temporary: Path) -> tuple[str, ...]:
    """What to put before the command, or nothing where this machine makes no mount namespace."""
    if shutil.which("unshare") is None:
        return ()
    prefix = (*_UNSHARE, "sh", "-c", _READ_ONLY, "sh", str(temporary), f"{Path.cwd()}/.conformance")
    works = subprocess.run((*prefix, "true"), capture_output=True, check=False)
    return prefix if works.returncode == 0 else ()


def _written(since: float) -> Iterator[Path]:
    for folder in (Path.cwd(), Path("/etc"), Path("/var/lib"), Path("/opt")):
        for where, folders, names in os.walk(folder):
            folders[:] = [name for name in folders if not _is_skipped(name)]
            for name in names:
                file = Path(where) / name
                if not file.is_symlink() and file.stat().st_mtime > since:
                    yield file


def _is_skipped(folder: str) -> bool:
    """Python's own files, which it does without where it cannot write them, and what other tools keep."""
    return folder in ("__pycache__", "node_modules") or folder.startswith(".")
