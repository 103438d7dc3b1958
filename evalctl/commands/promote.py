"""`evalctl promote`: the image of the environment before."""

from typing import Annotated

import typer

from environments.images import Image
from evalctl import release
from evalctl.commands.release import edit_and_render
from evalctl.terminal import fail, known_environments, one_environment


def command(
    component: Annotated[Image, typer.Argument(metavar="COMPONENT", help="The image to change.")],
    to: Annotated[str, typer.Option(metavar="NAME", help="The environment that will run it.")],
) -> None:
    """Run in an environment the image that the environment before it runs, as in `--to prod`.

    The environment before it is its `promotes_from`; what that one runs is what environments/images.json
    says on the branch that Argo CD follows. The image must be in the registry of `--to` by then.
    """
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
    edit_and_render(environments, target, component, digest)
