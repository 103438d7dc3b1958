"""`evalctl release`: the image that an environment runs."""

from typing import Annotated

import typer

from environments.images import Image
from environments.spec import Environment
from evalctl import checkout, release
from evalctl.commands.render import alone, render_with_progress
from evalctl.options import Component
from evalctl.rendering.scratch import Scratch
from evalctl.terminal import console, fail
from evalctl.values import known_environments, one_environment


def command(
    component: Component,
    digest: Annotated[
        str,
        typer.Argument(
            metavar="DIGEST",
            help="The image's digest as the registry shows it: sha256: and 64 digits.",
        ),
    ],
    env: Annotated[str, typer.Option(metavar="NAME", help="The environment that will run it.")],
) -> None:
    """Run an image in an environment: edit environments/images.json and render that environment.

    Nothing is changed if the digest has another form, if the render fails, or if the environment takes
    its images from another environment that does not run this one. Argo CD runs the image when the
    change is merged.

    Example: evalctl release worker "$DIGEST" --env dev
    """
    with alone() as place:
        environments = known_environments()
        target = one_environment(environments, env)
        try:
            release.require_digest(digest)
            if target.promotes_from is not None:
                source = one_environment(environments, target.promotes_from)
                release.require_tried(component, digest, target=target, source=source)
        except release.ReleaseRefusedError as error:
            fail(str(error))
        edit_and_render(environments, target, component, digest, place=place)


def edit_and_render(
    environments: tuple[Environment, ...],
    target: Environment,
    image: Image,
    digest: str,
    *,
    place: Scratch,
) -> None:
    """Change images.json and what is rendered from it in one step, and print what changed.

    It also renders when images.json has the digest already, because rendered/ may be behind.
    """
    environments = release.released(environments, image, digest, environment=target.name)
    now = one_environment(environments, target.name)
    rendering = render_with_progress(
        environments,
        out=checkout.path("rendered"),
        only=target.name,
        place=place,
        with_them=[release.edit(image, digest, environment=target.name)],
    )
    changed = release.changed_files(
        rendering.before, rendering.files, image=image, was=target, now=now
    )
    named_already = target.images[image] == digest
    if named_already and not changed:
        console.print(f"{target.name} already runs the {image} {digest}: nothing to change")
        return
    console.print(f"{target.name}, {image}:", markup=False)
    if named_already:
        console.print(f"  {digest} was in environments/images.json; rendered/ was not up to date")
    else:
        console.print(f"  was {target.images[image]}\n  now {digest}", highlight=False)
        console.print("  environments/images.json", highlight=False)
    for file in changed:
        behind = (
            ""
            if file.image_only or named_already
            else "  (more than the image changed: the file was not up to date)"
        )
        console.print(f"  rendered/{file.path}{behind}", highlight=False, markup=False)
    console.print("Commit these files together; Argo CD runs the image when they are merged.")
