"""`evalctl plan`: what terraform would change."""

from pathlib import Path
from typing import Annotated

import typer

from environments.names import Stack
from evalctl import checkout
from evalctl.options import Env
from evalctl.terminal import (
    errors,
    fail,
    known_environments,
    one_environment,
    require_programs,
)


def command(
    env: Env,
    out: Annotated[
        Path,
        typer.Option(metavar="DIR", help="For plans/<stack>.json, summary.md and result.json."),
    ],
    stacks: Annotated[
        list[Stack] | None, typer.Argument(metavar="[STACK…]", help="All of them unless given.")
    ] = None,
    refresh: Annotated[
        bool,
        typer.Option(
            help="Look at the account first. Without it, no secret has to be read (docs/secrets.md)."
        ),
    ] = True,
) -> None:
    """Plan an environment's rendered stacks with terraform, and say what would change.

    It changes nothing, and takes no lock. Needs terraform, and credentials of the environment's account.
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
        fail(f"Cannot be planned: {', '.join(failed)}.")
