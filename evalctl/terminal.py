"""Prints to the terminal, and ends a command that cannot go on."""

import errno
from typing import NoReturn

import typer
from rich.console import Console

from evalctl.processes import HOW_TO_GET, not_installed


class _Console(Console):
    """Raises a broken pipe, which rich would hide, so that `main` reports it."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")


console = _Console()
errors = Console(stderr=True)


def require_programs(*programs: str) -> None:
    """Exit if a program is not installed, and print how to get it."""
    if missing := not_installed({program: HOW_TO_GET[program] for program in programs}):
        fail("A program is missing; nothing was done.", *missing)


def fail(message: str, *details: str) -> NoReturn:
    """Print what went wrong, and exit with status 1."""
    report(message, *details)
    raise typer.Exit(1)


def report(message: str, *details: str) -> None:
    """Print what went wrong."""
    # The terminal wraps the lines, so that a command in the message can be copied whole.
    errors.print(message, style="bold red", highlight=False, markup=False, soft_wrap=True)
    bullet = "-" if errors.options.ascii_only else "•"
    for detail in details:
        errors.print(f"  {bullet} {detail}", highlight=False, markup=False, soft_wrap=True)
