"""`evalctl checklist`: whether an environment is ready to go live, with the evidence."""

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from environments.waivers import WAIVERS
from evalctl import checkout, options
from evalctl.checks import reports
from evalctl.checks.check import Subject
from evalctl.checks.outcome import Status, outcomes, unknown
from evalctl.checks.registry import GO_LIVE, WIRING
from evalctl.parsed.environment import RenderedEnvironment
from evalctl.terminal import console, fail
from evalctl.values import known_environments, one_environment


class Format(StrEnum):
    """How the outcomes are printed."""

    TABLE = "table"
    JSON = "json"
    MARKDOWN = "markdown"


def command(
    env: options.Env,
    *,
    format_: Annotated[
        Format, typer.Option("--format", metavar="FORMAT", help="table, json or markdown.")
    ] = Format.TABLE,
    rendered: Annotated[
        Path,
        typer.Option(
            "--rendered",
            metavar="DIR",
            help="The rendered folder.",
            default_factory=lambda: checkout.path("rendered"),
            show_default="rendered/ of this checkout",
        ),
    ],
) -> None:
    """Check whether an environment is ready to go live, from its rendered files alone.

    Each check passes, fails, or is waived in environments/waivers.py until a day. The exit status is 1 if
    one fails. docs/go-live.md describes the checks.

    Example: evalctl checklist prod
    """
    environments = known_environments()
    one_environment(environments, env)
    folder = rendered.absolute() / env
    if not folder.is_dir():
        fail(f"{folder} is not there. Run `make render`, or name another folder with --rendered.")
    checks = (*GO_LIVE, *WIRING)
    subject = Subject(
        RenderedEnvironment.read(folder, root=checkout.root()), datetime.now(UTC).date()
    )
    found = outcomes(checks, subject, WAIVERS)
    match format_:
        case Format.JSON:
            print(reports.as_json(env, found))
        case Format.MARKDOWN:
            print(reports.markdown(env, found))
        case Format.TABLE:
            console.print(reports.table(f"Go-live of {env}", found[: len(GO_LIVE)]))
            console.print()
            console.print(reports.table("Wiring", found[len(GO_LIVE) :]))
            console.print()
    counts = {status: sum(each.status is status for each in found) for status in Status}
    stale = unknown(WAIVERS, checks, [each.name for each in environments])
    if counts[Status.FAIL] or stale:
        fail(
            f"{env}: {counts[Status.FAIL]} of {len(found)} checks fail, {counts[Status.WAIVED]} are waived.",
            *stale,
            *(reports.problems(found) if format_ is Format.TABLE else ()),
        )
    if format_ is Format.TABLE:
        console.print(
            f"[bold]{env}[/bold]: {counts[Status.PASS]} checks pass, {counts[Status.WAIVED]} are waived"
        )
