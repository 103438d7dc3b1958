"""`evalctl checklist`: whether an environment is ready to go live, with the evidence."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from environments.names import Names
from environments.spec import Environment
from environments.waivers import WAIVERS
from evalctl import checkout, options
from evalctl.checks import reports
from evalctl.checks.check import Subject
from evalctl.checks.outcome import Status, outcomes, unknown
from evalctl.checks.registry import GO_LIVE, WIRING
from evalctl.parsed.environment import RenderedEnvironment
from evalctl.terminal import console, errors, fail, require_programs
from evalctl.values import known_environments, one_environment

if TYPE_CHECKING:
    from evalctl.lifecycle.live import Answer


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
    live: Annotated[
        bool,
        typer.Option(
            "--live", help="Also read AWS, and with --context the cluster; nothing is changed."
        ),
    ] = False,
    context: options.Context = None,
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
    one fails. --live also reads what only AWS and the cluster have, and prints the source of each answer;
    JSON has these answers too.
    docs/go-live.md describes the checks.

    Example: evalctl checklist prod
    """
    environments = known_environments()
    environment = one_environment(environments, env)
    folder = rendered.absolute() / env
    if not folder.is_dir():
        fail(f"{folder} is not there. Run `make render`, or name another folder with --rendered.")
    checks = (*GO_LIVE, *WIRING)
    subject = Subject(
        RenderedEnvironment.read(folder, root=checkout.root()), datetime.now(UTC).date()
    )
    found = outcomes(checks, subject, WAIVERS)
    answers = _live(environment, context) if live else []
    match format_:
        case Format.JSON:
            print(reports.as_json(env, found, live=[asdict(each) for each in answers]))
        case Format.MARKDOWN:
            print(reports.markdown(env, found))
        case Format.TABLE:
            console.print(reports.table(f"Go-live of {env}", found[: len(GO_LIVE)]))
            console.print()
            console.print(reports.table("Wiring", found[len(GO_LIVE) :]))
            console.print()
    if answers:
        errors.print(_table(answers))
    wrong = [f"{each.about}: {each.found} ({each.source})" for each in answers if not each.holds]
    counts = {status: sum(each.status is status for each in found) for status in Status}
    stale = unknown(WAIVERS, checks, [each.name for each in environments])
    if counts[Status.FAIL] or stale or wrong:
        fail(
            f"{env}: {counts[Status.FAIL]} of {len(found)} checks fail, {counts[Status.WAIVED]} are waived.",
            *stale,
            *(reports.problems(found) if format_ is Format.TABLE else ()),
            *wrong,
        )
    if format_ is Format.TABLE:
        console.print(
            f"[bold]{env}[/bold]: {counts[Status.PASS]} checks pass, {counts[Status.WAIVED]} are waived"
        )


def _live(environment: Environment, context: str | None) -> "list[Answer]":
    """The answers of AWS, and of the cluster if a context is named."""
    from evalctl.lifecycle import live
    from evalctl.lifecycle.identity import require_account, require_cluster
    from evalctl.lifecycle.problems import NotReadyError

    require_programs("aws")
    names = Names(environment)
    try:
        with errors.status(f"AWS is read for {environment.name}"):
            require_account(names)
            answers = list(live.from_aws(names))
            if context is not None:
                answers += live.from_cluster(require_cluster(names, context=context))
    except NotReadyError as error:
        fail(f"{environment.name} was not read.", str(error))
    return answers


def _table(answers: "Sequence[Answer]") -> Table:
    table = Table(title="Live", title_justify="left", show_edge=False, pad_edge=False)
    for heading in ("", "what", "found", "source"):
        table.add_column(heading, overflow="fold")
    for answer in answers:
        status = Text("pass", "green") if answer.holds else Text("fail", "bold red")
        table.add_row(status, Text(answer.about), Text(answer.found), answer.source)
    return table
