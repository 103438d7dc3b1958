"""`evalctl release`: the image that an environment runs."""

from typing import Annotated

import typer

from environments.images import Image
from environments.spec import Environment
from evalctl import checkout, release
from evalctl.commands.render import render_with_progress
from evalctl.options import Component
from evalctl.rendering import tree
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
    environments = known_environments()
    target = one_environment(environments, env)
    try:
        release.require_digest(digest)
        if target.promotes_from is not None:
            source = one_environment(environments, target.promotes_from)
            release.require_tried(component, digest, target=target, source=source)
    except release.ReleaseRefusedError as error:
        fail(str(error))
    edit_and_render(environments, target, component, digest)


def edit_and_render(
    environments: tuple[Environment, ...], target: Environment, image: Image, digest: str
) -> None:
    """Edit, render and print what changed; an exit before the end restores the old file."""
    if target.images[image] == digest:
        console.print(f"{target.name} already runs the {image} {digest}: nothing to change")
        return
    rendered = checkout.path("rendered")
    before = tree.texts(rendered, only=target.name)
    with release.edited(image, digest, environment=target.name):
        released = release.reread(environments)
        after = render_with_progress(released, out=rendered, only=target.name).files
    now = one_environment(released, target.name)
    console.print(f"{target.name}, {image}:", markup=False)
    console.print(f"  was {target.images[image]}\n  now {digest}", highlight=False)
    console.print("  environments/images.json", highlight=False)
    for file in release.changed_files(before, after, image=image, was=target, now=now):
        behind = (
            ""
            if file.image_only
            else "  (more than the image changed: the file was not up to date)"
        )
        console.print(f"  rendered/{file.path}{behind}", highlight=False, markup=False)
    console.print("Commit these files together; Argo CD runs the image when they are merged.")
