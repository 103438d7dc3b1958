"""`evalctl rehearse`: a deploy on this machine."""

from typing import Annotated

import typer

from evalctl import checkout
from evalctl.terminal import console, fail, require_programs
from evalctl.values import known_environments, one_environment


def command(
    env: Annotated[str, typer.Argument(metavar="ENV", help="The environment to rehearse.")],
) -> None:
    """Deploy an environment to an emulated AWS on this machine, check it, and tear it down.

    Runs the real terraform with the real AWS provider on the unmodified rendered stacks: it applies the
    state bucket, then every stack; plans again, which must be empty; checks what the account holds; tears
    everything down; and checks that nothing is left. It takes minutes, and nothing leaves the machine.
    Without access to a registry, TF_PROVIDER_MIRROR names a filesystem mirror with the provider.

    Example: evalctl rehearse dev
    """
    from evalctl.rehearsal import report

    environment = one_environment(known_environments(), env)
    require_programs("terraform")
    try:
        seconds = report.rehearse_with_progress(
            environment, rendered=checkout.path("rendered"), console=console
        )
    except report.FAILURES as error:
        fail(f"The rehearsal of {env} failed.", *report.messages(error))
    console.print(f"[bold]{env}[/bold] rehearsed in {seconds / 60:.1f} minutes")
