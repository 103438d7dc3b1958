"""`evalctl plan-guard`: a plan that would lose data is not applied."""

from pathlib import Path
from typing import Annotated

import typer

from evalctl.plans import plan_guard
from evalctl.plans.plan_file import NotAPlanError
from evalctl.terminal import console, fail
from evalctl.values import known_environments, one_environment


def command(
    plans: Annotated[
        list[Path],
        typer.Argument(
            metavar="PLAN.json", help="Plans, as `terraform show -json PLAN` writes them."
        ),
    ],
    env: Annotated[str, typer.Option(metavar="NAME", help="The environment of the plans.")],
    allow: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ADDRESS",
            help="A resource that may be lost or added; STACK:ADDRESS with several plans. Repeatable.",
        ),
    ] = None,
) -> None:
    """Refuse a plan that would destroy or replace what holds data, or add nodes to ClickHouse.

    Databases, volumes, buckets, backups, secrets, keys, images, the queue and the cluster are protected
    in every environment whose value has `database.deletion_protection`. New ClickHouse nodes need
    `--allow` in every environment: they could replace the data of the nodes that exist.

    Example: evalctl plan-guard out/plans/network.json --env dev
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
    added = [refusal for refusal in refused if refusal.adds]
    if added:
        fail(f"{env} could lose ClickHouse's data; this plan may not be applied.", *map(str, added))
    for refusal in refused:
        console.print(f"{refusal} (allowed: {env} does not protect its data)", markup=False)
    for plan in plans:
        console.print(f"[bold]{plan}[/bold]: destroys and replaces nothing that is protected")
