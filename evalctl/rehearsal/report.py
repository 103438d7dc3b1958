"""Rehearses an environment with a progress line for each step and a table of times at the end."""

import asyncio
import time
from collections import defaultdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from environments.names import Stack
from environments.spec import Environment
from evalctl.rehearsal.emulator import NotOnLoopbackError
from evalctl.rehearsal.rehearse import RehearsalError, rehearse
from evalctl.rehearsal.terraform import TerraformError
from evalctl.servers import NotStartedError

# Stacks are applied in parallel, so one failure arrives in a group.
FAILURES = (ExceptionGroup, NotOnLoopbackError, NotStartedError, RehearsalError, TerraformError)


def rehearse_with_progress(env: Environment, *, rendered: Path, console: Console) -> float:
    """Rehearse an environment and print its progress; returns the seconds that it took.

    Raises:
        One of FAILURES; `messages` describes it.
    """
    seconds_by_phase: dict[Stack, dict[str, float]] = defaultdict(dict)

    def progress(phase: str, stack: Stack, seconds: float) -> None:
        seconds_by_phase[stack][phase] = seconds
        console.print(f"  {phase:8} {stack:11} {seconds:6.1f} s", highlight=False)

    started = time.monotonic()
    asyncio.run(rehearse(env, rendered=rendered, progress=progress))
    console.print(_summary(env, seconds_by_phase))
    return time.monotonic() - started


def messages(error: BaseException) -> list[str]:
    """The distinct messages in a group: a stack that waits for a failed one fails with its message."""
    if isinstance(error, BaseExceptionGroup):
        return list(dict.fromkeys(text for inner in error.exceptions for text in messages(inner)))
    return [str(error)]


def _summary(env: Environment, seconds_by_phase: dict[Stack, dict[str, float]]) -> Table:
    phases = ("apply", "plan", "destroy")
    table = Table(title=f"{env.name}, seconds", show_edge=False)
    table.add_column("stack")
    for phase in phases:
        table.add_column(phase, justify="right")
    for stack in Stack:
        row = (seconds_by_phase[stack].get(phase) for phase in phases)
        table.add_row(stack, *("" if seconds is None else f"{seconds:.0f}" for seconds in row))
    return table
