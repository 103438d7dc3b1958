"""What every command shares: the terminal, and what it needs or an exit that says why not."""

from typing import NoReturn

import typer
from rich.console import Console

from environments.rules import types
from environments.spec import Environment
from evalctl import summary
from evalctl.processes import HOW_TO_GET, not_installed

console = Console()
errors = Console(stderr=True)


def known_environments() -> tuple[Environment, ...]:
    """The values, or an exit that says where they cannot be read."""
    try:
        from environments.registry import ENVIRONMENTS
    except Exception as error:  # whatever a person can get wrong in a Python file
        fail(f"The environments cannot be read: {summary.where_it_failed(error)}")
    if problems := list(types.problems(ENVIRONMENTS)):
        fail("The environments cannot be read; nothing was done.", *problems)
    if not ENVIRONMENTS:
        fail("environments/registry.py names no environment; put one, such as DEV, into its tuple.")
    return ENVIRONMENTS


def one_environment(environments: tuple[Environment, ...], name: str) -> Environment:
    for environment in environments:
        if environment.name == name:
            return environment
    known = ", ".join(environment.name for environment in environments)
    fail(f"There is no environment {name!r}. Known: {known} (environments/registry.py).")


def require_programs(*programs: str) -> None:
    """Before anything is written, an exit that says how to get what is missing."""
    if missing := not_installed({program: HOW_TO_GET[program] for program in programs}):
        fail("A program is missing; nothing was done.", *missing)


def fail(message: str, *details: str) -> NoReturn:
    report(message, *details)
    raise typer.Exit(1)


def report(message: str, *details: str) -> None:
    """Print what went wrong."""
    # The terminal wraps, so that a command in the message can be copied whole.
    errors.print(message, style="bold red", highlight=False, markup=False, soft_wrap=True)
    for detail in details:
        errors.print(f"  • {detail}", highlight=False, markup=False, soft_wrap=True)
