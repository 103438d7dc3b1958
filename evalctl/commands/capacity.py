"""`evalctl capacity`: what an environment at its largest needs, beside what it has."""

from rich.table import Table

from environments.demands import demands
from environments.demands.demand import Demand
from evalctl.options import KnownEnv
from evalctl.terminal import console, fail
from evalctl.values import known_environments, one_environment


def command(env: KnownEnv) -> None:
    """Print the capacity arithmetic of an environment at its largest, one line for each demand.

    Room on the node groups, addresses, connections of the stores, the providers' limits, and the quotas of a
    new AWS account. `evalctl render` refuses an environment that needs more than it has; the account's quotas
    are compared by `evalctl quotas --live`. The exit status is 1 if a demand is not met.

    Example: evalctl capacity prod
    """
    from evalctl.lifecycle import quotas

    environment = one_environment(known_environments(), env)
    found = list(demands(environment))
    refused = [demand.problem for demand in found if not demand.is_met and not demand.tolerated]

    table = Table(show_edge=False, pad_edge=False)
    table.add_column("at the largest", no_wrap=True)
    for title in ("needs", "has"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("counted", overflow="fold")
    for demand in found:
        amounts = (f"{demand.needs:,}", f"{demand.has:,}")
        table.add_row(demand.what, *amounts, demand.counted, style=_style(demand))
    if refused:
        console.print(table)
        fail(f"{env} needs more than it has, so it is not rendered:", *refused)
    table.add_section()
    needs = list(quotas.needs(environment))
    for need in needs:
        amounts = (f"{need.amount:,}", f"{need.quota.new_account:,}")
        short = need.amount > need.quota.new_account
        table.add_row(need.quota.name, *amounts, need.counted, style="yellow" if short else None)
    console.print(table)
    short_quotas = sum(need.amount > need.quota.new_account for need in needs)
    console.print(
        f"{len(found)} demands are met. The second part has the quotas of a new AWS account, of which {short_quotas} are too "
        f"small; `evalctl quotas {env} --live` compares with yours.",
        highlight=False,
        soft_wrap=True,
    )


def _style(demand: Demand) -> str | None:
    if demand.is_met:
        return None
    return "yellow" if demand.tolerated else "red"
