"""`evalctl charts-diff`: what a pull request changes in the objects that the add-ons' charts make."""

import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from evalctl import checkout
from evalctl.options import Base
from evalctl.terminal import errors, fail, require_programs


def command(
    base: Base,
    whole: Annotated[
        bool, typer.Option("--all", help="Print every difference, however long they are.")
    ] = False,
) -> None:
    """Print as Markdown how a branch changes what the add-ons' charts make of our values.

    Charts are read from the folder CHART_DIR, or without it from their repositories. The exit status is 1 if a chart's
    version is not there.

    Example: evalctl charts-diff --base origin/main
    """
    from evalctl.rendering import chart_diff
    from evalctl.rendering.changed import NoComparisonError, merge_base
    from evalctl.rendering.chart_packages import ChartPackages
    from evalctl.rendering.markdown import LIMIT

    root = checkout.root()
    require_programs("git", "helm")
    with tempfile.TemporaryDirectory() as scratch, errors.status("Comparing") as status:
        try:
            text, problems = chart_diff.charts(
                root,
                commit=merge_base(root, base),
                packages=ChartPackages(scratch=Path(scratch)),
                progress=lambda name: status.update(f"Templating {name}"),
                limit=sys.maxsize if whole else LIMIT,
            )
        except NoComparisonError as error:
            fail(str(error))
    print(text, end="")
    if problems:
        fail("These charts were not compared.", *problems)
