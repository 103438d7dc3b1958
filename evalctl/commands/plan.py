"""`evalctl plan`: what Terraform would change."""

from pathlib import Path
from typing import Annotated

import typer

from environments.names import Stack
from evalctl import checkout
from evalctl.options import Env
from evalctl.terminal import errors, fail, require_programs
from evalctl.values import known_environments, one_environment


def command(
    env: Env,
    out: Annotated[
        Path,
        typer.Option(
            metavar="DIR", help="The folder for plans/<stack>.json, summary.md and result.json."
        ),
    ],
    stacks: Annotated[
        list[Stack] | None,
        typer.Argument(
            metavar="STACK",
            # The list as the argument's type would be cut in the middle of a word.
            show_choices=False,
            help=f"The stacks to plan, of {', '.join(Stack)}; all unless given.",
        ),
    ] = None,
    refresh: Annotated[
        bool,
        typer.Option(
            help="Read the account's resources first. --no-refresh needs no permission to read secrets (docs/secrets.md)."
        ),
    ] = True,
) -> None:
    """Plan an environment's rendered stacks with terraform, and print what would change.

    Nothing is changed, and no lock is taken. Needs terraform, and credentials of the environment's
    account.

    Example: evalctl plan dev network cluster --out out
    """
    from evalctl.plans import plan as plans
    from evalctl.plans.plan_summary import Failed

    environment = one_environment(known_environments(), env)
    root = checkout.root()
    require_programs("terraform")
    found = {}
    for stack, plan in plans.plan(
        environment, stacks or list(Stack), root=root, out=out, refresh=refresh
    ):
        found[stack] = plan
        errors.print(f"{env}-{stack}: planned", highlight=False)
    print(plans.write(environment, found, out=out), end="")
    failed = [stack for stack, plan in found.items() if isinstance(plan, Failed)]
    if failed:
        fail(
            f"These stacks cannot be planned: {', '.join(failed)}. {out / plans.SUMMARY} shows why."
        )
