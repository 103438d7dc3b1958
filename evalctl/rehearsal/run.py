"""A rehearsal as a person watches it: a line for each step, and a table at the end."""

import asyncio
import time
from collections import defaultdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from environments.names import Stack
from environments.spec import Environment
from evalctl.rehearsal import rehearse as rehearsal
from evalctl.rehearsal.emulator import NotOnLoopbackError
from evalctl.rehearsal.rehearse import RehearsalError
from evalctl.rehearsal.terraform import TerraformError
from evalctl.servers import NotStartedError

# Stacks run side by side, so that one failure comes in a group.
FAILURES = (
    ExceptionGroup,
    NotOnLoopbackError,
    NotStartedError,
    RehearsalError,
    TerraformError,
)


def rehearse(env: Environment, *, rendered: Path, console: Console) -> float:
    """Rehearse an environment and show its progress; returns the seconds that it took.

    Raises:
        FAILURES: what went wrong; `causes` puts it into words.
    """
    took: dict[Stack, dict[str, float]] = defaultdict(dict)

    def progress(phase: str, stack: Stack, seconds: float) -> None:
        took[stack][phase] = seconds
        console.print(f"  {phase:8} {stack:11} {seconds:6.1f} s", highlight=False)

    started = time.monotonic()
    asyncio.run(rehearsal.rehearse(env, rendered=rendered, progress=progress))
    console.print(_summary(env, took))
    return time.monotonic() - started


def causes(error: BaseException) -> list[str]:
    """The messages of the failures in a group, each once: who waited for a stack fails with it."""
    if isinstance(error, BaseExceptionGroup):
        return list(dict.fromkeys(told for inner in error.exceptions for told in causes(inner)))
    return [str(error)]


def _summary(env: Environment, took: dict[Stack, dict[str, float]]) -> Table:
    phases = ("apply", "plan", "destroy")
    table = Table(title=f"{env.name}, seconds", show_edge=False)
    table.add_column("stack")
    for phase in phases:
        table.add_column(phase, justify="right")
    for stack in Stack:
        row = (took[stack].get(phase) for phase in phases)
        table.add_row(stack, *("" if seconds is None else f"{seconds:.0f}" for seconds in row))
    return table
