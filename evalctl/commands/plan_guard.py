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
    env: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The environment that the plans must be of; plans of another one are refused.",
        ),
    ] = None,
    allow: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ADDRESS",
            help="A resource that may be lost, weakened or added; STACK:ADDRESS with several plans. Repeatable.",
        ),
    ] = None,
) -> None:
    """Refuse a plan that would lose data or logs, weaken their protection, or add ClickHouse nodes.

    Databases, volumes, buckets, backups, secrets, keys, images, logs, the queue and the cluster are protected
    in every environment whose value has `database.deletion_protection`, and in one where the plan turns it
    off. Weakened is what loses its deletion protection, or keeps backups or logs for a shorter time. New
    ClickHouse nodes need `--allow` in every environment: they could replace the data of the nodes that exist.
    The environment is in the plan, as the tag of its resources.

    Example: evalctl plan-guard out/plans/network.json --env dev
    """
    environments = known_environments()
    try:
        name = plan_guard.environment_of(plans)
        if env is not None and name != one_environment(environments, env).name:
            fail(
                f"These are plans of {name}, but --env is {env}; nothing was checked. "
                f"Pass --env {name}, or the plans of {env}.",
                *map(str, plans),
            )
        environment = one_environment(environments, name)
        refused = (
            plan_guard.refusals(plans[0], allowed=allow or ())
            if len(plans) == 1
            else plan_guard.refusals_of_all(plans, allowed=allow or ())
        )
    except NotAPlanError as error:
        fail(str(error))
    # A change that switches the protection off has already changed the environment's value.
    unprotects = any(refusal.turns_off_deletion_protection for refusal in refused)
    if refused and (environment.database.deletion_protection or unprotects):
        fail(f"{name} protects its data; this plan may not be applied.", *map(str, refused))
    added = [refusal for refusal in refused if refusal.adds]
    if added:
        fail(
            f"{name} could lose ClickHouse's data; this plan may not be applied.", *map(str, added)
        )
    for refusal in refused:
        console.print(f"{refusal} (allowed: {name} does not protect its data)", markup=False)
    for plan in plans:
        console.print(
            f"[bold]{plan}[/bold]: of {name}; destroys and weakens nothing that is protected"
        )
