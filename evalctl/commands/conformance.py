"""`evalctl conformance`: whether a program keeps the contract of the images."""

import shlex
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from evalctl import checkout
from evalctl.terminal import console, fail, report
from evalctl.values import known_environments, one_environment

_REFERENCE = "workload/.venv/bin/python -m workload"
_BAD_INPUT = 2


def command(
    subject: Annotated[
        str, typer.Argument(metavar="worker|orchestrator", help="The image to test.")
    ],
    program: Annotated[
        list[str] | None,
        typer.Argument(metavar="-- COMMAND...", help="The program and its arguments."),
    ] = None,
    image: Annotated[
        str | None,
        typer.Option(metavar="REF", help="An image instead: print how docker would run it."),
    ] = None,
    env: Annotated[
        str, typer.Option(metavar="NAME", help="The environment whose rendered values it gets.")
    ] = "dev",
    orchestrator: Annotated[
        str,
        typer.Option(metavar="COMMAND", help="What makes the jobs of a tested worker."),
    ] = f"{_REFERENCE}.orchestrator",
    worker: Annotated[
        str,
        typer.Option(metavar="COMMAND", help="What runs the jobs of a tested orchestrator."),
    ] = f"{_REFERENCE}.worker",
    fast: Annotated[
        bool, typer.Option("--fast/--no-fast", help="Divide times, and multiply rates.")
    ] = True,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="CHECK", help="Only this check; may be given several times."),
    ] = None,
    chaos: Annotated[
        bool,
        typer.Option("--chaos", help="End workers and the queue at random moments instead."),
    ] = False,
    jobs: Annotated[
        int, typer.Option(metavar="NUMBER", min=200, help="How many jobs --chaos runs.")
    ] = 500,
    seed: Annotated[
        int | None, typer.Option(metavar="NUMBER", help="Repeat the random moments of --chaos.")
    ] = None,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", metavar="FILE", help="Also write the results as JSON."),
    ] = None,
) -> None:
    """Test a program against the contract in docs/images.md and docs/telemetry.md.

    The program runs on this machine, with the variables and files of its rendered pod, against real
    servers on loopback: Redis with the rendered users, PostgreSQL, ClickHouse's engine, S3 (moto) and a
    stand-in of the LLM providers. docs/conformance.md lists the checks. Exit status 1: a check failed;
    2: the command cannot run.

    Example: evalctl conformance worker -- workload/.venv/bin/python -m workload.worker
    """
    from evalctl.conformance import chaos as chaos_run
    from evalctl.conformance import image as composed
    from evalctl.conformance import run
    from evalctl.conformance.check import Subject
    from evalctl.conformance.report import Report
    from evalctl.conformance.scale import FAST, Scale
    from evalctl.conformance.suites import SUITES

    environment, root = one_environment(known_environments(), env), checkout.root()
    if subject not in list(Subject):
        _refuse(f"There is no image {subject!r} to test. Use {' or '.join(Subject)}.")
    tested, scale = Subject(subject), Scale(FAST if fast else 1)
    if image is not None:
        if program:
            _refuse("Name either --image or a command after --, not both.")
        console.print(
            composed.command(root / "rendered" / environment.name, tested, image),
            highlight=False,
            markup=False,
            soft_wrap=True,
        )
        console.print("This command was composed from the manifests. It was never run.")
        return
    if not program:
        _refuse("Name the program to test after --, as in the example of --help.")
    if chaos and tested is not Subject.WORKER:
        _refuse("--chaos is about workers.")
    commands = {
        Subject.WORKER: tuple(shlex.split(worker)),
        Subject.ORCHESTRATOR: tuple(shlex.split(orchestrator)),
        tested: tuple(program),
    }
    if problems := run.unusable(commands):
        _refuse("A program cannot be started; nothing was done.", *problems)
    checks = SUITES[tested]
    if unknown := sorted(set(only or ()) - {check.id for check in checks}):
        known = ", ".join(check.id for check in checks)
        _refuse(f"There is no check {', '.join(unknown)} of the {tested}. Known: {known}.")
    if json_file is not None:
        json_file.touch()  # a file that cannot be written is reported before the work
    done = Report(console, tested, environment.name, scale.factor)
    try:
        with run.bench(
            environment,
            checkout=root,
            subject=tested,
            commands=commands,
            scale=scale,
            note=done.note,
        ) as bench:
            if chaos:
                done.result(chaos_run.run(bench, jobs=jobs, seed=seed, note=done.line))
            else:
                chosen = tuple(check for check in checks if not only or check.id in only)
                for number, check in enumerate(chosen, 1):
                    with console.status(f"{number} of {len(chosen)}: {check.id}"):
                        done.result(run.result(bench, check))
    except run.FAILURES as error:
        _refuse("The servers of the test did not start.", str(error))
    console.print(done.table())
    if json_file is not None:
        json_file.write_text(done.json() + "\n", encoding="utf-8")
    if done.failed:
        fail(
            f"{len(done.failed)} of {len(done.results)} checks failed.",
            *(f"{result.check}: {result.line}" for result in done.failed),
        )


def _refuse(message: str, *details: str) -> NoReturn:
    """Print what is wrong with the input, and exit with status 2."""
    report(message, *details)
    raise typer.Exit(_BAD_INPUT)
