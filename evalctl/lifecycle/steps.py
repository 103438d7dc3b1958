"""Runs the commands of a bootstrap or a teardown one by one, and reports each."""

from dataclasses import dataclass

from rich.console import Console

from evalctl.lifecycle.problems import StoppedHalfwayError
from evalctl.processes import Command, CommandFailedError, output, shown


@dataclass(frozen=True, kw_only=True)
class Step:
    """One command and its purpose.

    An error that contains `nothing_to_do` means that the purpose is already reached.
    """

    purpose: str
    command: Command
    nothing_to_do: str | None = None


def run_step(step: Step, console: Console, *, hint: str) -> str:
    """The output of the step's command.

    Raises:
        StoppedHalfwayError: it failed; `hint` is where to look for the cause.
    """
    try:
        with console.status(step.purpose):
            result = output(step.command, seconds=None)
    except CommandFailedError as error:
        if step.nothing_to_do is not None and step.nothing_to_do in error.reason:
            report(console, f"nothing to do: {step.purpose}")
            return ""
        raise StoppedHalfwayError(
            f"{error}. The steps before it stay done. Remove the cause, then run the same command again. "
            f"{hint}"
        ) from None
    report(console, f"done: {step.purpose}")
    return result


def print_commands(console: Console, *steps: Step) -> None:
    """Print the commands, to read or to copy, instead of running them."""
    report(console, "would run, in this order:")
    for step in steps:
        report(console, shown(step.command), indent="")


def report(console: Console, line: str, *, indent: str = "  ", style: str | None = None) -> None:
    """Print a line of progress."""
    # The terminal wraps the line, so that a command can be copied whole.
    console.print(indent + line, style=style, highlight=False, markup=False, soft_wrap=True)
