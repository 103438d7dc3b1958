"""`evalctl`, the command line. Each command is in the module of its name in `commands/`."""

import sys

import typer

from evalctl.commands import (
    apply_approved,
    board_pages,
    bootstrap,
    changed_stacks,
    charts,
    check,
    docs,
    evaluate,
    gate,
    names,
    plan,
    plan_guard,
    promote,
    rehearse,
    release,
    render,
    rendered_diff,
    secret_scan,
    teardown,
    versions,
)
from evalctl.terminal import report

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    help="Render, check and deliver the AI evaluation platform, one command each.",
)

PEOPLE = "For people"
PIPELINES = "For pipelines"

app.command("render", rich_help_panel=PEOPLE)(render.command)
app.command("check", rich_help_panel=PEOPLE)(check.command)
app.command("rehearse", rich_help_panel=PEOPLE)(rehearse.command)
app.command("board-pages", rich_help_panel=PEOPLE)(board_pages.command)
app.command("charts", rich_help_panel=PEOPLE)(charts.command)
app.command("bootstrap", rich_help_panel=PEOPLE)(bootstrap.command)
app.command("release", rich_help_panel=PEOPLE)(release.command)
app.command("promote", rich_help_panel=PEOPLE)(promote.command)
app.command("versions", rich_help_panel=PEOPLE)(versions.command)
app.command("docs", rich_help_panel=PEOPLE)(docs.command)
app.command("evaluate", rich_help_panel=PEOPLE)(evaluate.command)
app.command("teardown", rich_help_panel=PEOPLE)(teardown.command)
app.command("gate", rich_help_panel=PIPELINES)(gate.command)
app.command("secret-scan", rich_help_panel=PIPELINES)(secret_scan.command)
app.command("names", rich_help_panel=PIPELINES)(names.command)
app.command("changed-stacks", rich_help_panel=PIPELINES)(changed_stacks.command)
app.command("rendered-diff", rich_help_panel=PIPELINES)(rendered_diff.command)
app.command("plan", rich_help_panel=PIPELINES)(plan.command)
app.command("plan-guard", rich_help_panel=PIPELINES)(plan_guard.command)
app.command("apply-approved", rich_help_panel=PIPELINES)(apply_approved.command)


def run() -> None:
    """The console script. In every command, a file that cannot be used is reported without a traceback."""
    try:
        app()
    except OSError as error:
        if error.filename is None:
            raise
        report(
            f"{error.filename} cannot be used: {error.strerror}. Name another file or folder, or correct this "
            "one; `evalctl render` writes rendered/."
        )
        sys.exit(1)


if __name__ == "__main__":
    run()
