"""`evalctl bootstrap`: a new cluster's start."""

from typing import Annotated

import typer

from evalctl import checkout
from evalctl.options import Context, DryRun
from evalctl.terminal import console, fail, known_environments, one_environment


def command(
    env: Annotated[str, typer.Argument(metavar="ENV", help="The environment of the new cluster.")],
    dry_run: DryRun = False,
    context: Context = None,
) -> None:
    """Install Argo CD into an environment's new cluster, and hand the cluster over to it.

    Checks first that kubectl and the AWS credentials lead to the environment's cluster and account, that
    you may do it, and that the cluster has what Argo CD needs; nothing is changed before all of that
    holds. A second run changes nothing, and a run after a failure goes on. From then on Argo CD syncs
    everything from Git, itself too.
    """
    from evalctl.lifecycle import bootstrap as run
    from evalctl.lifecycle.problems import NotReadyError, StoppedHalfwayError

    environment = one_environment(known_environments(), env)
    console.print(f"[bold]{env}[/bold]: bootstrap")
    try:
        with checkout.entered():
            run.bootstrap(environment, context=context, dry_run=dry_run, console=console)
    except NotReadyError as error:
        fail(f"{env} was not bootstrapped; nothing was changed.", *error.problems)
    except StoppedHalfwayError as error:
        fail(f"The bootstrap of {env} stopped halfway.", str(error))
