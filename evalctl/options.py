"""Options that several commands take, each with one meaning and one help."""

from typing import Annotated

import typer

Env = Annotated[str, typer.Argument(metavar="ENV", help="The environment.")]
Base = Annotated[
    str, typer.Option(metavar="REF", help="Compare with where HEAD left this, as in origin/main.")
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Check everything, show the commands, change nothing.")
]
Context = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="The kubectl context; the current one unless given."),
]
