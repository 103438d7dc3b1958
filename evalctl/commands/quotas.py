"""`evalctl quotas`: what an environment needs of its account's service quotas."""

from typing import Annotated

import typer
from rich.table import Table

from environments.names import Names
from evalctl.options import Env
from evalctl.terminal import console, fail, require_programs
from evalctl.values import known_environments, one_environment


def command(
    env: Env,
    live: Annotated[
        bool, typer.Option("--live", help="Compare with the account of your AWS credentials.")
    ] = False,
) -> None:
    """Print the AWS service quotas that an environment needs; --live compares with its account.

    The needs are those of the environment at its largest: every node group at its maximum, while it is
    updated. Without --live the table shows what a new account has. With it the exit status is 1 if a quota
    of the account is too small, and the command that requests more is printed. What else the account runs
    is not counted.

    Example: evalctl quotas dev --live
    """
    from evalctl.lifecycle import quotas
    from evalctl.lifecycle.identity import require_account
    from evalctl.lifecycle.problems import NotReadyError
    from evalctl.processes import CommandFailedError, shown

    environment = one_environment(known_environments(), env)
    names = Names(environment)
    needs = list(quotas.needs(environment))
    has = {need.quota: float(need.quota.new_account) for need in needs}
    if live:
        require_programs("aws")
        try:
            require_account(names)
            with console.status("reading the account's quotas"):
                has = {need.quota: quotas.in_account(names, need.quota) for need in needs}
        except (NotReadyError, CommandFailedError) as error:
            fail(f"The quotas of {env}'s account were not compared.", str(error))
    short = [need for need in needs if need.amount > has[need.quota]]

    table = Table(show_edge=False, pad_edge=False)
    for title in ("quota", "code"):
        table.add_column(title, no_wrap=True)
    for title in ("needed", "the account" if live else "a new account"):
        table.add_column(title, justify="right")
    for need in needs:
        style = "red" if need in short else None
        quota = need.quota
        amounts = (f"{need.amount:,}", f"{has[quota]:,.0f}")
        table.add_row(quota.name, quota.code, *amounts, style=style)
    console.print(table)
    for need in needs:
        if need.counted:
            console.print(f"{need.quota.name}: {need.counted}", highlight=False, soft_wrap=True)

    requests = [shown(quotas.request(names, need)) for need in short]
    if not live:
        console.print(
            f"In a new account {len(short)} are too small. `evalctl quotas {env} --live` compares with yours.",
            highlight=False,
            soft_wrap=True,
        )
    elif short:
        fail(
            f"{len(short)} quotas of account {environment.account.id} are too small for {env}. Request more, and "
            "wait until AWS grants it; this takes from minutes to days:",
            *requests,
        )
    else:
        console.print(f"The quotas of account {environment.account.id} are large enough for {env}.")
