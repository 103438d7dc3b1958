"""What every command shares: the terminal, and the environments or an exit that says why not."""

from typing import NoReturn

import typer
from rich.console import Console

from environments.spec import Environment
from evalctl import summary

console = Console()
errors = Console(stderr=True)


def known_environments() -> tuple[Environment, ...]:
    """The values, or an exit that says where they cannot be read."""
    try:
        from environments.registry import ENVIRONMENTS
    except Exception as error:  # whatever a person can get wrong in a Python file
        fail(f"The environments cannot be read: {summary.where_it_failed(error)}")
    return ENVIRONMENTS


def one_environment(environments: tuple[Environment, ...], name: str) -> Environment:
    for environment in environments:
        if environment.name == name:
            return environment
    known = ", ".join(environment.name for environment in environments)
    fail(f"There is no environment {name!r}. Known: {known} (environments/registry.py).")


def fail(message: str, *details: str) -> NoReturn:
    # The terminal wraps, so that a command in the message can be copied whole.
    errors.print(message, style="bold red", highlight=False, markup=False, soft_wrap=True)
    for detail in details:
        errors.print(f"  • {detail}", highlight=False, markup=False, soft_wrap=True)
    raise typer.Exit(1)
