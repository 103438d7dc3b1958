"""`evalctl`, the command line. Each command is in the module of its name in `commands/`."""

import inspect
import io
import os
import sys
from importlib import metadata
from typing import Annotated

import typer
from rich.markup import escape
from typer.core import TyperGroup

from evalctl import failures, interrupts
from evalctl.commands import (
    apply_approved,
    board_pages,
    bootstrap,
    capacity,
    changed_stacks,
    charts,
    charts_diff,
    check,
    checklist,
    conformance,
    cost,
    demo,
    docs,
    evaluate,
    gate,
    names,
    new_environment,
    plan,
    plan_guard,
    promote,
    quotas,
    rehearse,
    release,
    render,
    rendered_diff,
    secret_scan,
    simulate,
    teardown,
    terraform_settings,
    versions,
)
from evalctl.terminal import fail, report


class _Commands(TyperGroup):
    """Reports a failure of the machine in a sentence; Typer would print a traceback or nothing."""

    def invoke(self, ctx: typer.Context) -> object:  # type: ignore[override]  # its base is private
        try:
            if (problem := failures.no_temporary_folder()) is not None:
                fail(problem)
            result: object = super().invoke(ctx)
            return result
        except Exception as error:
            if (problem := failures.sentence(error)) is None:
                raise
            fail(problem)


app = typer.Typer(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)

_PANELS = {
    "For people": (
        *(
            render,
            check,
            checklist,
            demo,
            rehearse,
            conformance,
            board_pages,
            capacity,
            simulate,
            cost,
            quotas,
            charts,
            bootstrap,
            release,
        ),
        *(promote, new_environment, versions, docs, evaluate, teardown, terraform_settings),
    ),
    "For pipelines": (
        *(gate, secret_scan, names, changed_stacks, rendered_diff, charts_diff),
        *(plan, plan_guard, apply_approved),
    ),
}


def _help(docstring: str | None) -> str:
    """The docstring without its line breaks, so that the terminal's width decides about them."""
    paragraphs = inspect.cleandoc(docstring or "").split("\n\n")
    return escape("\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs))


for _panel, _modules in _PANELS.items():
    for _module in _modules:
        _name = _module.__name__.rpartition(".")[2].replace("_", "-")
        _command = _module.command
        app.command(_name, rich_help_panel=_panel, help=_help(_command.__doc__))(_command)


def _print_version(wanted: bool) -> None:
    if wanted:
        try:
            version = metadata.version("ai-eval-platform")
        except metadata.PackageNotFoundError:
            fail(f"evalctl is not installed here. Run `make render` in {failures.ROOT}.")
        print(f"evalctl {version} in {failures.ROOT}, Python {sys.version.split()[0]}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            help="Print the version, the checkout and the Python of this evalctl.",
            callback=_print_version,
            is_eager=True,
        ),
    ] = False,
) -> None:
    """Render, check and deliver the AI evaluation platform, one command each."""


def run() -> None:
    """The console script."""
    if sys.stdout is None:
        sys.exit("The standard output is closed. Open it, or send it to /dev/null, and run again.")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal may lack a character, for instance one of a file's name.
            stream.reconfigure(errors="backslashreplace")
    try:
        try:
            with interrupts.handled():
                app()
        finally:
            sys.stdout.flush()
    except OSError as error:
        # Python would write the rest of the output at its end, and print a traceback.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        end = error.__context__
        if isinstance(end, SystemExit) and end.code:
            raise end from None  # the failure is already reported
        if (problem := failures.sentence(error)) is None:
            raise
        report(problem)
        sys.exit(1)


if __name__ == "__main__":
    run()
