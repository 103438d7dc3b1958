"""`evalctl teardown`: deletes an environment."""

from typing import Annotated

import typer

from evalctl import checkout
from evalctl.options import Context, DryRun
from evalctl.terminal import console, fail
from evalctl.values import known_environments, one_environment


def command(
    env: Annotated[str, typer.Argument(metavar="ENV", help="The environment to destroy.")],
    dry_run: DryRun = False,
    context: Context = None,
    only_cluster: Annotated[
        bool,
        typer.Option(
            "--only-cluster", help="Delete what Argo CD synced, and keep the stacks and their data."
        ),
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not prompt for the environment's name.")
    ] = False,
) -> None:
    """Destroy an environment in the safe order: Applications, then stacks; then list what is left.

    Before any change it checks that kubectl and the AWS credentials lead to the environment's cluster
    and account, and that nothing protects its data; then it prompts for the environment's name. Argo CD
    deletes the apps with their load balancers, then the add-ons with their volumes. cdktf destroys the
    stacks in reverse order, except the state bucket. Log groups that AWS made again are deleted. What is
    left is listed by tag. After a failure, the same command continues.

    Example: evalctl teardown dev --dry-run
    """
    from argocd.waves import ORDER
    from evalctl.lifecycle.problems import NotReadyError, StoppedHalfwayError
    from evalctl.lifecycle.teardown import teardown

    def confirmed() -> bool:
        what = f"empties the cluster of {env}" if only_cluster else f"destroys {env}"
        typed: str = typer.prompt(f"This {what}. Type its name to go on")
        return typed == env

    environment = one_environment(known_environments(), env)
    console.print(f"[bold]{env}[/bold]: teardown")
    try:
        with checkout.entered():
            teardown(
                environment,
                waves=ORDER,
                context=context,
                dry_run=dry_run,
                only_cluster=only_cluster,
                confirmed=(lambda: True) if yes else confirmed,
                console=console,
            )
    except NotReadyError as error:
        fail(f"{env} was not torn down; nothing was changed.", *error.problems)
    except StoppedHalfwayError as error:
        fail(f"The teardown of {env} stopped halfway.", str(error))
