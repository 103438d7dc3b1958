"""`evalctl apply-approved`: the only apply that the deploy pipeline runs."""

from pathlib import Path
from typing import Annotated

import typer

from evalctl.processes import CommandFailedError
from evalctl.terminal import fail, report, require_programs


def command(
    options: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="OPTION", help="The options that cdktf passes to `terraform apply`."
        ),
    ] = None,
) -> None:
    """Apply a stack's approved plan and no other, in place of `terraform apply` in a `cdktf deploy`.

    The variable APPROVED_PLANS holds the approval, {"<environment>-<stack>": "<digest>"}, as `evalctl
    plan` writes it into result.json. A stack that is not named there must have nothing to change.

    Example: evalctl apply-approved -- -auto-approve
    """
    from evalctl.plans import approval

    require_programs("terraform")
    try:
        approval.apply(options or [], folder=Path.cwd())
    except approval.NotApprovedError as error:
        fail(str(error))
    except CommandFailedError as error:
        report(str(error))
        raise typer.Exit(error.exit_code) from error
