"""`evalctl check`, `versions` and `plan-guard`: what may not go on as it is."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from checks import plan_guard, policy, support_windows
from checks.plan_file import NotAPlanError
from checks.support_windows import Severity
from evalctl import versions
from evalctl.commands.render import RENDERED
from evalctl.terminal import console, fail, known_environments, one_environment


def check_command(
    rendered: Annotated[
        Path, typer.Argument(metavar="DIR", help="The rendered folder to scan.")
    ] = RENDERED,
) -> None:
    """Scan what was rendered with checkov, and look whether the versions fit and are still supported.

    Findings of checkov that are wrong for this platform are answered in checks/policy_skips.toml, each
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
            "checks/policy_skips.toml.",
            *map(str, misfits),
            *map(str, found),
        )
    console.print(f"[bold]{rendered}[/bold]: no findings")


def versions_command() -> None:
    """Print what is coupled to each Kubernetes minor, and how long EKS supports it, as Markdown."""
    print(versions.markdown(known_environments()))


def plan_guard_command(
    plans: Annotated[
        list[Path],
        typer.Argument(metavar="PLAN.json…", help="What `terraform show -json PLAN` wrote."),
    ],
    env: Annotated[str, typer.Option(metavar="NAME", help="The environment that the plan is for.")],
    allow: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ADDRESS",
            help="A resource whose loss is intended, STACK:ADDRESS with several plans; repeatable.",
        ),
    ] = None,
) -> None:
    """Refuse a plan that would destroy or replace what holds data.

    Databases, volumes, buckets, secrets, keys, the queue and the cluster are protected in every
    environment whose value says that its data is (`database.deletion_protection`).
    """
    environment = one_environment(known_environments(), env)
    try:
        refused = (
            plan_guard.refusals(plans[0], allowed=allow or ())
            if len(plans) == 1
            else plan_guard.refusals_of_all(plans, allowed=allow or ())
        )
    except NotAPlanError as error:
        fail(str(error))
    if refused and environment.database.deletion_protection:
        fail(f"{env} protects its data; this plan may not be applied.", *map(str, refused))
    for refusal in refused:
        console.print(f"{refusal} (not asked of {env}, which protects no data)", markup=False)
    for plan in plans:
        console.print(f"[bold]{plan}[/bold]: takes away nothing that is protected")
