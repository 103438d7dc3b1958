"""`evalctl rehearse`, `bootstrap` and `teardown`: a deploy on this machine, a real one's start and end."""

from typing import Annotated

import typer

from evalctl.commands.render import RENDERED
from evalctl.terminal import console, fail, known_environments, one_environment

DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Check everything, show the commands, change nothing.")
]
Context = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="The kubectl context; the current one unless given."),
]


def rehearse_command(
    env: Annotated[str, typer.Argument(metavar="ENV", help="The environment to rehearse.")],
) -> None:
    """Deploy an environment to an emulated AWS on this machine, check it, and tear it down.

    Runs the real terraform with the real AWS provider on the unmodified rendered stacks: the state
    bucket first, every stack, a second plan that must be empty, a look at what the account then
    holds, a teardown, and a look for what is left. Takes minutes; nothing leaves the machine.
    Without a registry, TF_PROVIDER_MIRROR names a filesystem mirror with the provider.
    """
    from rehearsal import run

    environment = one_environment(known_environments(), env)
    try:
        seconds = run.rehearse(environment, rendered=RENDERED, console=console)
    except run.FAILURES as error:
        fail(f"The rehearsal of {env} failed.", *run.causes(error))
    console.print(f"[bold]{env}[/bold] rehearsed in {seconds / 60:.1f} minutes")


def bootstrap_command(
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
    from bootstrap import run
    from bootstrap.problems import NotReadyError, StoppedHalfwayError

    environment = one_environment(known_environments(), env)
    console.print(f"[bold]{env}[/bold]: bootstrap")
    try:
        run.bootstrap(environment, context=context, dry_run=dry_run, console=console)
    except NotReadyError as error:
        fail(f"{env} was not bootstrapped; nothing was changed.", *error.problems)
    except StoppedHalfwayError as error:
        fail(f"The bootstrap of {env} stopped halfway.", str(error))


def teardown_command(
    env: Annotated[str, typer.Argument(metavar="ENV", help="The environment to destroy.")],
    dry_run: DryRun = False,
    context: Context = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not ask for the environment's name.")
    ] = False,
) -> None:
    """Destroy an environment in the safe order: Applications and load balancers, stacks, a look.

    Checks first that kubectl and the AWS credentials lead to the environment's cluster and account, and
    that nothing protects its data any more; then asks for the environment's name. Argo CD deletes the
    apps, with their load balancers, then the add-ons, with their volumes; cdktf destroys the stacks
    backwards, all but the state bucket; what is left is listed by tag. A run after a failure goes on.
    """
    from argocd.waves import ORDER
    from bootstrap.problems import NotReadyError, StoppedHalfwayError
    from bootstrap.teardown import teardown

    def agreed() -> bool:
        typed: str = typer.prompt(f"This destroys {env}. Type its name to go on")
        return typed == env

    environment = one_environment(known_environments(), env)
    console.print(f"[bold]{env}[/bold]: teardown")
    try:
        teardown(
            environment,
            waves=ORDER,
            context=context,
            dry_run=dry_run,
            agreed=(lambda: True) if yes else agreed,
            console=console,
        )
    except NotReadyError as error:
        fail(f"{env} was not torn down; nothing was changed.", *error.problems)
    except StoppedHalfwayError as error:
        fail(f"The teardown of {env} stopped halfway.", str(error))
