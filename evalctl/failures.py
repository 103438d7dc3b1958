"""Failures of the machine, each as a sentence: what failed, where, and what to do."""

import errno
import os
import sys
import tempfile
import traceback
from pathlib import Path

from bindings.node import UnusableNodeError

ROOT = Path(__file__).parents[1]
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# Node and Python look at these variables for the temporary folder, in this order.
_TEMPORARY = ("TMPDIR", "TMP", "TEMP")


def sentence(error: BaseException) -> str | None:
    """The sentence for a failure that a person can correct, or None if the traceback is needed."""
    match error:
        case UnusableNodeError():
            return str(error)
        case ModuleNotFoundError(name=str(name)) if not (ROOT / name.partition(".")[0]).exists():
            return (
                f"{_place(error)} needs the package {name.partition('.')[0]}, which is not installed for "
                f"{sys.executable}. Run `make setup` in {ROOT}, then the same command again."
            )
        case BrokenPipeError():
            return (
                "The program that reads the output ended before all was printed. Run the command "
                "without it, or write the output to a file."
            )
        case OSError(errno=number, filename=file) if number in _FULL:
            places = (
                f"the disks of {Path.cwd()}, of {tempfile.gettempdir()}, or of the output's file"
            )
            return (
                f"{file or 'A file, or the output,'} cannot be written: {error.strerror}. Free space on "
                f"{'its disk' if file else places}, then run the same command again."
            )
        case RuntimeError() if str(error).startswith("ENOSPC:"):  # Node's words
            return (
                f"Node cannot write its temporary files: no space is left on the disk of "
                f"{tempfile.gettempdir()}. Free space there, or set TMPDIR to a folder on another disk."
            )
        case OSError(filename=file) if file is not None:
            return (
                f"{file} cannot be used: {error.strerror}. Name another file or folder, or correct this "
                "one; `evalctl render` writes rendered/."
            )
    return None


def no_temporary_folder() -> str | None:
    """The sentence for a temporary folder that cannot be written, which Node would not replace."""
    for variable in _TEMPORARY:
        if folder := os.environ.get(variable):
            if Path(folder).is_dir() and os.access(folder, os.W_OK | os.X_OK):
                return None
            return (
                f"{variable} is {folder}, which is not a folder that can be written. Create it, or unset "
                f"{variable}."
            )
    return None


def _place(error: BaseException) -> str:
    """`file:line` of the last line that failed in the checkout."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(ROOT) and ".venv" not in Path(frame.filename).parts
    ]
    return (
        f"{os.path.relpath(frames[-1].filename, ROOT)}:{frames[-1].lineno}" if frames else "evalctl"
    )
