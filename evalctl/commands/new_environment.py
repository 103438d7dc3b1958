"""`evalctl new-environment`: the files that a further environment needs."""

from typing import Annotated

import typer

from evalctl import checkout, new_environment
from evalctl.commands.render import alone
from evalctl.rendering import changes
from evalctl.terminal import console, fail
from evalctl.values import known_environments, one_environment


def command(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME", help="The new name: lower-case letters, digits, single hyphens."
        ),
    ],
    source: Annotated[
        str, typer.Option("--from", metavar="NAME", help="The environment whose value is copied.")
    ],
    promotes_from: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The environment that runs an image first; as in the copied value unless given.",
        ),
    ] = None,
) -> None:
    """Make an environment: its value as a copy of another one's, and its lines in the other files.

    Nothing is changed if the name is taken, or if the value would break a rule. What only a person can
    know gets a placeholder, and is listed. Nothing is rendered: `make render` does it afterwards.

    Example: evalctl new-environment qa --from dev
    """
    with alone() as place:
        root = checkout.root()
        environments = known_environments()
        copied = one_environment(environments, source)
        before = copied.promotes_from
        if promotes_from is not None:
            before = one_environment(environments, promotes_from).name
        try:
            new = new_environment.value(
                environments, name=name, source=copied, promotes_from=before
            )
            made = new_environment.changes(new, source=copied, root=root)
        except new_environment.RefusedError as error:
            fail(str(error), *error.problems)
        changes.apply(made, root=root, scratch=place)
    lines = [
        f"{name} is a copy of {source}. Written:",
        *(f"  {change.file.relative_to(root)}" for change in made),
        *new_environment.to_do(new, source=copied, environments=environments),
    ]
    for line in lines:
        console.print(line, highlight=False, markup=False, soft_wrap=True)
