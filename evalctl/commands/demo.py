"""`evalctl demo`: the platform at work on this machine, and its boards."""

import os
import shlex
import sys
import time
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evalctl import checkout
from evalctl.terminal import console, fail, require_programs
from evalctl.values import known_environments, one_environment

if TYPE_CHECKING:
    from evalctl.demo.run import Demo

_PROGRAM = "workload/.venv/bin/python -m workload"


def command(
    *,
    cases: Annotated[
        int, typer.Option(metavar="NUMBER", min=1, max=10_000, help="How many cases are scored.")
    ] = 500,
    env: Annotated[
        str, typer.Option(metavar="NAME", help="The environment whose rendered values it gets.")
    ] = "dev",
    out: Annotated[
        Path,
        typer.Option(
            metavar="DIR",
            help="Where the pages are written; ignored by Git.",
            default_factory=lambda: checkout.path("demo-pages"),
            show_default="demo-pages/ of this checkout",
        ),
    ],
    keep: Annotated[
        bool,
        typer.Option("--keep", help="Leave everything running until Ctrl-C, and print addresses."),
    ] = False,
    picture: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also draw the page's top as PNG, with chromium."),
    ] = None,
    open_: Annotated[
        bool, typer.Option("--open/--no-open", help="Open the page, if there is a display.")
    ] = True,
) -> None:
    """See the platform work on this machine, without a cluster, a key or a network.

    The reference orchestrator and four workers score cases of the sample suite, with real Redis,
    PostgreSQL, ClickHouse's engine and Prometheus on loopback. A stand-in takes the place of the LLM
    providers. Then the three boards are drawn from what happened, with a page that explains each number.

    Example: evalctl demo --cases 100 --keep
    """
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    from evalctl.conformance.check import Subject
    from evalctl.demo import picture as pictures
    from evalctl.demo import run

    environment, root = one_environment(known_environments(), env), checkout.root()
    commands = {
        subject: (str(root / python), *rest)
        for subject in Subject
        for python, *rest in [shlex.split(f"{_PROGRAM}.{subject}")]
    }
    if missing := run.missing(commands):
        fail("A program is missing; nothing was done.", *missing)
    if picture is not None:
        require_programs(pictures.BROWSER)
    columns = (
        *(SpinnerColumn(), TextColumn("{task.description}"), BarColumn()),
        *(MofNCompleteColumn(), TimeElapsedColumn()),
    )
    try:
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task("", total=cases)

            def step(text: str) -> None:
                bar.update(task, description=text)
                if not console.is_terminal:
                    console.print(f"  {text}", highlight=False)

            progress = run.Progress(
                step=step, cases=lambda ended: bar.update(task, completed=ended)
            )
            with run.demo(
                environment,
                checkout=root,
                commands=commands,
                cases=cases,
                out=out,
                progress=progress,
            ) as done:
                bar.stop()
                _print(done)
                if picture is not None:
                    pictures.draw(done.index, picture)
                if open_ and _has_display():
                    webbrowser.open(done.index.as_uri())
                if keep:
                    for line in done.addresses:
                        _line(line)
                    _line("Everything runs until Ctrl-C.")
                    while True:
                        time.sleep(60)
    except run.FAILURES as error:
        fail("The demo did not end.", str(error))


def _print(done: "Demo") -> None:
    report = done.report
    _line(
        f"{report.jobs['done']:,} cases scored in {report.seconds:.0f} s, {report.jobs['failed']:,} failed; "
        f"{report.calls:,} calls, {report.refused:,} of them refused; ${report.cost_usd:.2f} at list prices"
    )
    for metric in report.metrics:
        _line(f"{metric.name} {metric.mean:.3f}, {metric.below:,} below the threshold")
    _line(f"page: {done.index}")


def _line(text: str) -> None:
    console.print(f"  {text}", highlight=False, markup=False, soft_wrap=True)


def _has_display() -> bool:
    return sys.platform in ("darwin", "win32") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )
