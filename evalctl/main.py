"""`evalctl`: what a person or a pipeline types. The module of a command has its name."""

import sys

import typer

from evalctl.commands import (
    apply_approved,
    bootstrap,
    changed_stacks,
    check,
    docs,
    evaluate,
    gate,
    names,
    plan,
    plan_guard,
    preview,
    promote,
    rehearse,
    release,
    render,
    rendered_diff,
    secret_scan,
    teardown,
    versions,
)
from evalctl.terminal import tell

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    help="Render, check and deliver the AI evaluation platform, one command each.",
)
dashboards = typer.Typer(no_args_is_help=True, help="Draw the boards of an environment (preview).")
app.add_typer(dashboards, name="dashboards")

app.command("render")(render.command)
app.command("docs")(docs.command)
dashboards.command("preview")(preview.command)
app.command("release")(release.command)
app.command("promote")(promote.command)
app.command("check")(check.command)
app.command("versions")(versions.command)
app.command("plan-guard")(plan_guard.command)
app.command("rehearse")(rehearse.command)
app.command("bootstrap")(bootstrap.command)
app.command("teardown")(teardown.command)
app.command("evaluate")(evaluate.command)
app.command("gate")(gate.command)
app.command("names")(names.command)
app.command("changed-stacks")(changed_stacks.command)
app.command("rendered-diff")(rendered_diff.command)
app.command("plan")(plan.command)
app.command("apply-approved")(apply_approved.command)
app.command("secret-scan")(secret_scan.command)


def run() -> None:
    """The console script. A file that cannot be used, in whatever command, is told without a traceback."""
    try:
        app()
    except OSError as error:
        if error.filename is None:
            raise
        tell(
            f"{error.filename} cannot be used: {error.strerror}. Name another file or folder, or mend this "
            "one; what belongs into rendered/ is written by `evalctl render`."
        )
        sys.exit(1)


if __name__ == "__main__":
    run()
