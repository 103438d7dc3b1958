"""`evalctl`, the command line. Each command is in the module of its name in `commands/`."""

import sys

import typer

from evalctl import interrupts
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
    quotas,
    rehearse,
    release,
    render,
    rendered_diff,
    secret_scan,
    teardown,
    terraform_settings,
    versions,
)
from evalctl.terminal import report

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    help="Render, check and deliver the AI evaluation platform, one command each.",
)

_PANELS = {
    "For people": (
        *(render, check, rehearse, board_pages, quotas, charts, bootstrap, release),
        *(promote, versions, docs, evaluate, teardown, terraform_settings),
    ),
    "For pipelines": (
        *(gate, secret_scan, names, changed_stacks, rendered_diff),
        *(plan, plan_guard, apply_approved),
    ),
}
for _panel, _modules in _PANELS.items():
    for _module in _modules:
        _name = _module.__name__.rpartition(".")[2].replace("_", "-")
        app.command(_name, rich_help_panel=_panel)(_module.command)


def run() -> None:
    """The console script. In every command, a file that cannot be used is reported without a traceback."""
    with interrupts.handled():
        _run()


def _run() -> None:
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
