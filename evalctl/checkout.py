"""Finds the checkout around the current folder, in which a command works."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from environments import images
from evalctl.processes import CommandFailedError, output
from evalctl.terminal import console, fail

_VALUES = images.FILE.parent


def root() -> Path:
    """The checkout's root, or an exit: values of one checkout are never written into another."""
    try:
        here = Path.cwd()
    except FileNotFoundError:
        fail(f"The current folder was removed. Run this again inside {_VALUES.parent}.")
    for folder in (here, *here.parents):
        if (folder / _VALUES.name).resolve() == _VALUES.resolve():
            return folder
    fail(
        f"{here} is not in the checkout whose values this evalctl reads. Run it inside {_VALUES.parent}, "
        "or start the evalctl of the checkout that you are in (source .venv/bin/activate there)."
    )


def path(name: str) -> Path:
    """The absolute path of a file or folder of the checkout."""
    return root() / name


@contextlib.contextmanager
def entered() -> Iterator[None]:
    """Change to the root for the length of a block, for code whose paths start there."""
    folder = root()
    if folder != Path.cwd():
        console.print(f"In {folder}:", highlight=False, markup=False, soft_wrap=True)
    with contextlib.chdir(folder):
        yield


def git(*arguments: str) -> str:
    """The output of a git command in the current folder."""
    try:
        return output(("git", *arguments)).strip()
    except CommandFailedError as error:
        fail(
            f"The commit and branch cannot be read. {error}. Run this in a clone, with git installed."
        )
