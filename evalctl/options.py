"""Options of several commands, each with one meaning and one help text."""

from typing import Annotated

import typer

from environments.images import Image

Env = Annotated[str, typer.Argument(metavar="ENV", help="The environment.")]
Component = Annotated[
    Image,
    typer.Argument(
        metavar="COMPONENT",
        # The list as the argument's type would be cut in the middle of a word.
        show_choices=False,
        help=f"The image to change: {', '.join(Image)}.",
    ),
]
Base = Annotated[
    str, typer.Option(metavar="REF", help="The branch to compare with, as in origin/main.")
]
DryRun = Annotated[
    bool,
    typer.Option("--dry-run", help="Check everything and print the commands, but change nothing."),
]
Context = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="The kubectl context; the current one unless given."),
]
