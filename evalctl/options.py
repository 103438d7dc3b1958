"""Options of several commands, each with one meaning and one help text."""

from typing import Annotated

import typer

from environments.images import Image

Env = Annotated[str, typer.Argument(metavar="ENV", help="The environment.")]


def _known(name: str) -> str:
    from evalctl.values import known_environments

    names = [environment.name for environment in known_environments()]
    if name not in names:
        raise typer.BadParameter(f"there is no environment {name!r}; known: {', '.join(names)}")
    return name


# An unknown name is an error of usage, with exit status 2.
KnownEnv = Annotated[str, typer.Argument(metavar="ENV", help="The environment.", callback=_known)]
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
