"""`evalctl check`: what was rendered, and versions that may not go on as they are."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from evalctl import checkout
from evalctl.checks import policy, support_windows
from evalctl.checks.support_windows import Severity
from evalctl.terminal import console, fail, known_environments


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
    """Scan the rendered files with checkov, and see that versions fit together and are supported.

    Findings of checkov that are wrong for this platform are answered in evalctl/checks/policy_skips.toml, each
    with its reason. A skip that no longer matches anything, and a file that checkov could not read, are
    findings too. The end of a Kubernetes minor's support is a warning from 90 days before, and a finding
    once it is there.
    """
    fits = support_windows.findings(known_environments(), today=datetime.now(UTC).date())
    for finding in fits:
        if finding.severity is Severity.WARNING:
            console.print(f"Warning: {finding}", style="yellow", markup=False, soft_wrap=True)
    try:
        with console.status(f"checkov reads {rendered}"):
            found = policy.findings(rendered)
    except (ValueError, RuntimeError) as error:
        fail(str(error))
    misfits = [finding for finding in fits if finding.severity is Severity.ERROR]
    if misfits or found:
        fail(
            f"{len(misfits) + len(found)} findings. Mend them, or answer for checkov's in "
            "evalctl/checks/policy_skips.toml.",
            *map(str, misfits),
            *map(str, found),
        )
    console.print(f"[bold]{rendered}[/bold]: no findings")
