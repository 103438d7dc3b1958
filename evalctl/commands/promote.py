"""`evalctl promote`: the image that the previous environment runs."""

from typing import Annotated

import typer

from evalctl import release
from evalctl.commands.release import edit_and_render
from evalctl.commands.render import alone
from evalctl.options import Component
from evalctl.terminal import fail
from evalctl.values import known_environments, one_environment


def command(
    component: Component,
    to: Annotated[str, typer.Option(metavar="NAME", help="The environment that will run it.")],
) -> None:
    """Run in an environment the image that its previous environment runs, as in `--to prod`.

    The previous environment is `promotes_from` in its value. The image is read from
    environments/images.json on the branch that Argo CD follows, and must also be in the registry of the
    environment that `--to` names.

    Example: evalctl promote worker --to prod
    """
    with alone() as place:
        environments = known_environments()
        target = one_environment(environments, to)
        if target.promotes_from is None:
            fail(
                f"{to} takes images from builds, not from another environment. Use: "
                f"evalctl release {component} DIGEST --env {to}"
            )
        try:
            digest = release.running(component, one_environment(environments, target.promotes_from))
        except release.ReleaseRefusedError as error:
            fail(str(error))
        edit_and_render(environments, target, component, digest, place=place)
