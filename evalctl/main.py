"""`evalctl`, the command line. Each command is in the module of its name in `commands/`."""

import importlib
import inspect
import io
import os
import sys
from typing import Annotated

import typer
from rich.markup import escape
from typer.core import TyperCommand, TyperGroup

from evalctl import failures, interrupts
from evalctl.terminal import fail, report

_PANELS = {
    "For people": (
        *("render", "check", "checklist", "demo", "rehearse", "conformance", "board-pages"),
        *(
            "capacity",
            "simulate",
            "cost",
            "quotas",
            "charts",
            "bootstrap",
            "sync",
            "release",
            "promote",
        ),
        *("new-environment", "versions", "docs", "evaluate", "teardown", "terraform-settings"),
    ),
    "For pipelines": (
        *("gate", "secret-scan", "names", "changed-stacks", "rendered-diff", "charts-diff"),
        *("plan", "plan-guard", "apply-approved"),
    ),
}
PANEL_OF = {name: panel for panel, names in _PANELS.items() for name in names}


def load(name: str) -> TyperCommand:
    """The command, from the module of its name: a run imports one command, the help imports all."""
    function = importlib.import_module(f"evalctl.commands.{name.replace('-', '_')}").command
    alone = typer.Typer(add_completion=False)
    alone.command(name, rich_help_panel=PANEL_OF[name], help=_help(function.__doc__))(function)
    command = typer.main.get_command(alone)
    assert isinstance(command, TyperCommand)
    return command


def _help(docstring: str | None) -> str:
    """The docstring without its line breaks, so that the terminal's width decides about them."""
    paragraphs = inspect.cleandoc(docstring or "").split("\n\n")
    return escape("\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs))


class _Commands(TyperGroup):
    """Reports a failure of the machine in a sentence; Typer would print a traceback or nothing."""

    def list_commands(self, _: typer.Context) -> list[str]:  # type: ignore[override]  # private base
        return list(PANEL_OF)

    def get_command(self, _: typer.Context, name: str) -> TyperCommand | None:  # type: ignore[override]
        # Typer compares a mistyped name with all of them.
        for each in (name,) if name in PANEL_OF else PANEL_OF:
            if each not in self.commands:
                self.commands[each] = load(each)
        command = self.commands.get(name)
        return command if isinstance(command, TyperCommand) else None

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


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib import metadata  # takes longer to import than all of Typer

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
