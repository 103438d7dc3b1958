"""Reads the environments' values; a value that cannot be read ends the command with its file and line."""

import traceback
from pathlib import Path

from environments import images
from environments.rules import types
from environments.spec import Environment
from evalctl.terminal import fail


def known_environments() -> tuple[Environment, ...]:
    """All environments, or an exit with what is wrong in their files."""
    try:
        from environments.registry import ENVIRONMENTS
    except images.InvalidImagesError as error:
        fail(f"The environments cannot be read. {error}")
    except Exception as error:  # any mistake that a person can make in a Python file
        fail(f"The environments cannot be read: {_located(error)}")
    if problems := list(types.problems(ENVIRONMENTS)):
        fail("The environments cannot be read; nothing was done.", *problems)
    if not ENVIRONMENTS:
        fail("environments/registry.py names no environment; put one, such as DEV, into its tuple.")
    names = [environment.name for environment in ENVIRONMENTS]
    if unknown := [name for name in images.read() if name not in names]:
        fail(
            f"environments/images.json has images of {', '.join(map(repr, unknown))}, which environments/registry.py does "
            f"not list. Known: {', '.join(names)}. Correct the name, or remove the entry."
        )
    return ENVIRONMENTS


def one_environment(environments: tuple[Environment, ...], name: str) -> Environment:
    """The environment of this name, or an exit with the known names."""
    for environment in environments:
        if environment.name == name:
            return environment
    known = ", ".join(environment.name for environment in environments)
    fail(f"There is no environment {name!r}. Known: {known} (environments/registry.py).")


def _located(error: Exception) -> str:
    """`file:line: message`, of the innermost line below `environments/` that failed in an import."""
    if isinstance(error, SyntaxError):
        return f"{_short(error.filename or '?')}:{error.lineno}: {error.msg}"
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).parent.name == "environments"
        and Path(frame.filename).name != "spec.py"  # it checks values that another file passes
    ]
    place = f"{_short(frames[-1].filename)}:{frames[-1].lineno}: " if frames else ""
    # The message of a misspelled enum member is only its name, so the exception's type is shown too.
    return f"{place}{type(error).__name__}: {error}"


def _short(filename: str) -> str:
    return "/".join(Path(filename).parts[-2:])
