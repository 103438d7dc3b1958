"""`evalctl bootstrap`: Argo CD in a new cluster."""

from typing import Annotated

import typer

from evalctl import checkout
from evalctl.options import Context, DryRun
from evalctl.terminal import console, fail
from evalctl.values import known_environments, one_environment


def command(
    env: Annotated[str, typer.Argument(metavar="ENV", help="The environment of the new cluster.")],
    dry_run: DryRun = False,
    context: Context = None,
) -> None:
    """Install Argo CD into an environment's new cluster; from then on it syncs everything from Git.

    Before any change it checks that kubectl and the AWS credentials lead to the environment's cluster
    and account, that your role has the permissions, and that the cluster has what Argo CD needs. The
    command may be repeated: it continues after a failure, and changes nothing when all is done.

    Example: evalctl bootstrap dev --dry-run
    """
    from evalctl.lifecycle.bootstrap import bootstrap
    from evalctl.lifecycle.problems import NotReadyError, StoppedHalfwayError

    environment = one_environment(known_environments(), env)
    console.print(f"[bold]{env}[/bold]: bootstrap")
    try:
        with checkout.entered():
            bootstrap(environment, context=context, dry_run=dry_run, console=console)
    except NotReadyError as error:
        fail(f"{env} was not bootstrapped; nothing was changed.", *error.problems)
    except StoppedHalfwayError as error:
        fail(f"The bootstrap of {env} stopped halfway.", str(error))
