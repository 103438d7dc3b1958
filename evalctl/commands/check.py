"""`evalctl check`: checkov's findings in the rendered files, broken rules, and versions that lose support."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from environments import rules
from evalctl import checkout
from evalctl.checks import policy, support_windows
from evalctl.checks.support_windows import Severity
from evalctl.terminal import console, fail
from evalctl.values import known_environments


def command(
    rendered: Annotated[
        Path,
        typer.Argument(
            metavar="DIR",
            help="The rendered folder to scan.",
            default_factory=lambda: checkout.path("rendered"),
            show_default="rendered/ of this checkout",
        ),
    ],
) -> None:
    """Scan the rendered files with checkov; check the rules and the support of versions.

    evalctl/checks/policy_skips.toml lists the checks of checkov that are wrong for this platform, each
    with its reason. A skip that matches nothing, and a file that checkov could not read, are findings
    too. The end of support of a Kubernetes minor is a warning for 90 days, and a finding after that.

    Example: evalctl check
    """
    environments = known_environments()
    support = list(support_windows.findings(environments, today=datetime.now(UTC).date()))
    for finding in support:
        if finding.severity is Severity.WARNING:
            console.print(f"Warning: {finding}", style="yellow", markup=False, soft_wrap=True)
    try:
        with console.status(f"checkov scans {rendered}"):
            found = policy.findings(rendered, environments)
    except (ValueError, RuntimeError) as error:
        fail(str(error))
    ended = [finding for finding in support if finding.severity is Severity.ERROR]
    broken_rules = rules.problems(environments)
    if broken_rules or ended or found:
        fail(
            f"{len(broken_rules) + len(ended) + len(found)} findings. Correct them, or skip a check of checkov with a reason in "
            "evalctl/checks/policy_skips.toml.",
            *broken_rules,
            *map(str, ended),
            *map(str, found),
        )
    console.print(f"[bold]{rendered}[/bold]: no findings")
