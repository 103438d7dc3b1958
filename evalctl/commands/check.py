"""`evalctl check`: our own checks of the rendered files, the cost, checkov's, broken rules, lost support."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from environments import rules
from environments.spec import Environment
from environments.waivers import WAIVERS
from evalctl import checkout
from evalctl.checks import policy, reports, support_windows
from evalctl.checks.check import Subject
from evalctl.checks.outcome import outcomes, unknown
from evalctl.checks.registry import GO_LIVE, SAMPLES, WIRING
from evalctl.cost import findings as cost
from evalctl.parsed.environment import RenderedEnvironment
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
    """Check what production needs and the wiring in the rendered files; scan them with checkov.

    It also checks the rules and the cost. `evalctl checklist ENV` shows the results of our own checks with their
    evidence. A sample that is not replaced fails only there. environments/waivers.py lists the checks that an
    environment does not fulfil.

    evalctl/checks/policy_skips.toml lists the checks of checkov that are wrong for this platform, each
    with its reason. A skip that matches nothing, and a file that checkov could not read, are findings
    too. The end of support of a Kubernetes minor is a warning for 90 days, and a finding after that.

    Example: evalctl check
    """
    environments = known_environments()
    for warning in support_windows.warnings(environments, today=datetime.now(UTC).date()):
        console.print(f"Warning: {warning}", style="yellow", markup=False, soft_wrap=True)
    try:
        with console.status(f"checkov scans {rendered}"):
            found = policy.findings(rendered, environments)
    except (ValueError, RuntimeError) as error:
        fail(str(error))
    own = list(_own(environments, rendered.absolute()))
    broken_rules = rules.problems(environments)
    spend = list(cost.findings(environments, rendered=rendered))
    details = [*broken_rules, *map(str, spend), *own, *map(str, found)]
    if details:
        fail(
            f"{len(details)} findings. Correct them, or skip a check of checkov with a reason in "
            "evalctl/checks/policy_skips.toml.",
            *details,
        )
    console.print(f"[bold]{rendered}[/bold]: no findings")


def _own(environments: Sequence[Environment], rendered: Path) -> Iterator[str]:
    """The findings of our own checks, without the samples, which a template must keep."""
    checks = [check for check in (*GO_LIVE, *WIRING) if check is not SAMPLES]
    for environment in environments:
        env = RenderedEnvironment.read(rendered / environment.name, root=checkout.root())
        found = outcomes(checks, Subject(env, datetime.now(UTC).date()), WAIVERS)
        yield from (f"{environment.name}: {problem}" for problem in reports.problems(found))
    yield from unknown(WAIVERS, (*GO_LIVE, *WIRING), [each.name for each in known_environments()])
