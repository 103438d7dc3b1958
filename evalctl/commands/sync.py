"""`evalctl sync`: a sync by hand."""

from typing import Annotated

import typer

from evalctl import checkout
from evalctl.options import Context
from evalctl.terminal import console, fail
from evalctl.values import known_environments, one_environment


def command(
    env: Annotated[str, typer.Argument(metavar="ENV", help="The environment.")],
    applications: Annotated[
        list[str] | None,
        typer.Argument(metavar="APPLICATION", help="These Applications only; all unless given."),
    ] = None,
    minutes: Annotated[
        int, typer.Option(min=1, help="How long it waits until everything is Synced and Healthy.")
    ] = 30,
    context: Context = None,
) -> None:
    """Sync by hand what differs from Git, while a sync window forbids Argo CD to do it by itself.

    It compares all Applications but previews with the newest commit, syncs those that differ, with their own
    options, and waits until all are Synced and Healthy. A sync that a window blocks is started again. In a
    new cluster it is the first sync. An Application that you name is synced although it equals Git, which
    runs its Jobs. The command may be repeated.

    Example: evalctl sync prod
    """
    from evalctl.lifecycle.problems import NotReadyError, StoppedHalfwayError
    from evalctl.lifecycle.sync import sync

    environment = one_environment(known_environments(), env)
    console.print(f"[bold]{env}[/bold]: sync")
    try:
        with checkout.entered():
            sync(
                environment,
                only=applications or (),
                context=context,
                minutes=minutes,
                console=console,
            )
    except NotReadyError as error:
        fail(f"{env} was not synced; nothing was changed.", *error.problems)
    except StoppedHalfwayError as error:
        fail(f"The sync of {env} stopped halfway.", str(error))
