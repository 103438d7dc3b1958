"""One change at a time, before the eyes of whoever started it."""

from dataclasses import dataclass

from rich.console import Console

from evalctl.lifecycle.problems import StoppedHalfwayError
from evalctl.processes import Command, CommandFailedError, output, shown


@dataclass(frozen=True, kw_only=True)
class Step:
    """One command, and what it is for."""

    purpose: str
    command: Command


def take(step: Step, console: Console, *, look: str) -> str:
    """What the step's command printed.

    Raises:
        StoppedHalfwayError: it failed; `look` says where the cause may show.
    """
    try:
        with console.status(step.purpose):
            printed = output(step.command, seconds=None)
    except CommandFailedError as error:
        raise StoppedHalfwayError(
            f"{error}. What was done before it stays; when the cause is mended, run the same command "
            f"again. {look}"
        ) from None
    say(console, f"done: {step.purpose}")
    return printed


def show(console: Console, *steps: Step) -> None:
    """The commands, to read or to copy, instead of running them."""
    say(console, "would run, in this order:")
    for step in steps:
        say(console, shown(step.command), indent="")


def say(console: Console, line: str, *, indent: str = "  ", style: str | None = None) -> None:
    # The terminal wraps, so that a command can be copied whole.
    console.print(indent + line, style=style, highlight=False, markup=False, soft_wrap=True)
