"""What every command shares: the terminal, and what it needs or an exit that says why not."""

import shutil
from typing import NoReturn

import typer
from rich.console import Console

from environments.rules import types
from environments.spec import Environment
from evalctl import summary

console = Console()
errors = Console(stderr=True)

# As on Debian and Ubuntu; other systems have packages of the same names.
_HOW_TO_GET = {
    "git": "apt-get install git",
    "prometheus": "apt-get install prometheus",
    "promtool": "apt-get install prometheus",
    "terraform": "1.11 or newer, from https://developer.hashicorp.com/terraform/install",
}


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
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        fail(
            f"Not installed, so that nothing was done: {', '.join(missing)}.",
            *(f"{program}: {_HOW_TO_GET[program]}" for program in missing),
        )


def fail(message: str, *details: str) -> NoReturn:
    tell(message, *details)
    raise typer.Exit(1)


def tell(message: str, *details: str) -> None:
    """Say what went wrong."""
    # The terminal wraps, so that a command in the message can be copied whole.
    errors.print(message, style="bold red", highlight=False, markup=False, soft_wrap=True)
    for detail in details:
        errors.print(f"  • {detail}", highlight=False, markup=False, soft_wrap=True)
