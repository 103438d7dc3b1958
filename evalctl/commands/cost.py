"""`evalctl cost`: what an environment costs in a month, and how a change changes it."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from environments.spec import Environment
from evalctl import checkout
from evalctl.cost import comparison, document, findings, markdown, picture, prices, rendered_files
from evalctl.cost.assumptions import Amounts, Load
from evalctl.cost.estimate import Estimate, Totals, estimate
from evalctl.terminal import console, fail, report, require_programs
from evalctl.values import known_environments, one_environment


class Format(StrEnum):
    """How the result is printed."""

    TABLE = "table"
    JSON = "json"
    MARKDOWN = "markdown"


def command(
    env: Annotated[
        str | None, typer.Argument(metavar="[ENV]", help="The environment; all if it is left out.")
    ] = None,
    compare: Annotated[
        str | None,
        typer.Option("--compare", metavar="REV", help="Print the change since this git revision."),
    ] = None,
    format_: Annotated[
        Format, typer.Option("--format", help="A table for people, JSON, or Markdown.")
    ] = Format.TABLE,
    draw: Annotated[
        Path | None,
        typer.Option("--draw", metavar="FILE", help="Also write the bars by service, as SVG."),
    ] = None,
) -> None:
    """Estimate the monthly AWS bill of the rendered files, by stack and by service.

    The prices are in evalctl/cost/prices.toml, the assumptions in evalctl/cost/assumptions.py. The exit status
    is 1 if something has no price, or if a typical month is above the environment's monthly budget. With
    --compare the change since a revision is printed, with the same prices on both sides; the exit status is
    then 0.

    Example: evalctl cost prod --compare origin/main
    """
    root, known = checkout.root(), known_environments()
    environments = (one_environment(known, env),) if env else known
    try:
        table = prices.read()
        estimates = {
            each.name: estimate(rendered_files.in_folder(root / "rendered", each.name), each, table)
            for each in environments
        }
        if compare is not None:
            _compare(
                environments, estimates, root=root, revision=compare, table=table, format_=format_
            )
        else:
            _print(environments, estimates, format_)
    except (prices.PriceTableError, rendered_files.UnreadableFileError) as error:
        fail(f"The cost was not estimated. {error}")
    if compare is not None:
        return  # the change is reported; `evalctl check` decides about it
    if draw is not None:
        draw.write_text(picture.drawing(estimates))
    found = [
        finding
        for each in environments
        for finding in findings.of_estimate(each, estimates[each.name])
    ]
    if found:
        report(f"{len(found)} findings:", *map(str, found))
        raise typer.Exit(1)


def _print(
    environments: tuple[Environment, ...], estimates: dict[str, Estimate], format_: Format
) -> None:
    if format_ is Format.JSON:
        print(
            json.dumps(
                [document.estimate_document(each, estimates[each.name]) for each in environments],
                indent=2,
            )
        )
        return
    for each in environments:
        found = estimates[each.name]
        if format_ is Format.MARKDOWN:
            print(markdown.estimate_page(each, found))
            continue
        console.print(_table(f"{each.name}: service", found.by_service(), found.total))
        console.print(_table(f"{each.name}: stack", found.by_stack(), found.total))
        budget = each.objectives.monthly_aws_budget_usd
        lines = (
            f"USD a month, without taxes. The budget is {budget:,} USD.",
            *markdown.evaluation_lines(found),
            "Estimated prices (no public price was found for them):",
            *(f"  {line}" for line in markdown.estimated_lines(found)),
        )
        for line in lines:
            console.print(line, highlight=False, markup=False, soft_wrap=True)
        console.print()


def _compare(
    environments: tuple[Environment, ...],
    estimates: dict[str, Estimate],
    *,
    root: Path,
    revision: str,
    table: prices.PriceTable,
    format_: Format,
) -> None:
    require_programs("git")
    documents = []
    for each in environments:
        after = estimates[each.name]
        rendered = rendered_files.at_revision(root, each.name, revision)
        before = None if rendered is None else estimate(rendered, each, table)
        changes = comparison.compare(before, after)
        if format_ is Format.JSON:
            documents.append(document.comparison_document(each, changes, revision=revision))
        elif format_ is Format.MARKDOWN:
            missing = [str(missing) for missing in after.missing]
            print(markdown.comparison_page(each, changes, revision=revision, missing=missing))
        else:
            console.print(_changes_table(each.name, changes))
    if format_ is Format.JSON:
        print(json.dumps(documents, indent=2))


def _table(title: str, totals: Totals, total: Amounts) -> Table:
    table = Table(show_edge=False, pad_edge=False)
    table.add_column(title, no_wrap=True)
    for load in Load:
        table.add_column(load, justify="right")
    for name, amounts in totals.items():
        table.add_row(name, *(f"{amounts.at(load):,.2f}" for load in Load))
    table.add_row("total", *(f"{total.at(load):,.2f}" for load in Load), style="bold")
    return table


def _changes_table(name: str, changes: comparison.Comparison) -> Table:
    table = Table(show_edge=False, pad_edge=False)
    table.add_column(f"{name}: change in USD a month", no_wrap=True)
    for load in Load:
        table.add_column(load, justify="right")
    for change in (*changes.stacks, *changes.services, changes.total):
        style = "bold" if change is changes.total else None
        table.add_row(
            change.name, *(markdown.signed(change.usd(load)) for load in Load), style=style
        )
    return table
