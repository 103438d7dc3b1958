"""`evalctl plan-guard`: a plan that would lose data does not go on."""

from pathlib import Path
from typing import Annotated

import typer

from evalctl.plans import plan_guard
from evalctl.plans.plan_file import NotAPlanError
from evalctl.terminal import console, fail, known_environments, one_environment


def command(
    plans: Annotated[
        list[Path],
        typer.Argument(metavar="PLAN.json…", help="What `terraform show -json PLAN` wrote."),
    ],
    env: Annotated[str, typer.Option(metavar="NAME", help="The environment that the plan is for.")],
    allow: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ADDRESS",
            help="A resource whose loss is intended, STACK:ADDRESS with several plans; repeatable.",
        ),
    ] = None,
) -> None:
    """Refuse a plan that would destroy or replace what holds data.

    Databases, volumes, buckets, secrets, keys, the queue and the cluster are protected in every
    environment whose value says that its data is (`database.deletion_protection`).
    """
    environment = one_environment(known_environments(), env)
    try:
        refused = (
            plan_guard.refusals(plans[0], allowed=allow or ())
            if len(plans) == 1
            else plan_guard.refusals_of_all(plans, allowed=allow or ())
        )
    except NotAPlanError as error:
        fail(str(error))
    if refused and environment.database.deletion_protection:
        fail(f"{env} protects its data; this plan may not be applied.", *map(str, refused))
    for refusal in refused:
        console.print(f"{refusal} (not asked of {env}, which protects no data)", markup=False)
    for plan in plans:
        console.print(f"[bold]{plan}[/bold]: takes away nothing that is protected")
