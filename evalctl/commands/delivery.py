"""The commands that `.github/workflows/` run, each of which a person can run too."""

import json
import subprocess
from pathlib import Path
from typing import Annotated

import typer

from environments.names import Names, Stack
from evalctl.terminal import errors, fail, known_environments, one_environment

ROOT = Path(__file__).parent.parent.parent


Env = Annotated[str, typer.Argument(metavar="ENV", help="The environment.")]
Base = Annotated[
    str, typer.Option(metavar="REF", help="Compare with where HEAD left this, as in origin/main.")
]


def names_command(env: Env) -> None:
    """Print what GitHub Actions needs to know of an environment, a KEY=VALUE a line.

    None of it is secret: a role's name opens nothing without GitHub's signature.
    """
    from evalctl import plans

    environment = one_environment(known_environments(), env)
    names, account = Names(environment), environment.account
    values = {
        "account": account.id,
        "region": account.region,
        **{f"{role}-role": names.role_arn(names.aws(role)) for role in _ROLES},
        "stacks": " ".join(f"{env}-{stack}" for stack in Stack if stack not in plans.BY_PEOPLE),
    }
    for key, value in values.items():
        print(f"{key}={value}")


def changed_stacks_command(base: Base) -> None:
    """Print, as JSON for a job's matrix, each environment and the stacks whose Terraform differs."""
    from evalctl import changed

    try:
        found = changed.stacks(ROOT, known_environments(), base=base)
    except changed.NoComparisonError as error:
        fail(str(error))
    print(json.dumps([{"env": env, "stacks": " ".join(stacks)} for env, stacks in found.items()]))


def rendered_diff_command(base: Base) -> None:
    """Print, as Markdown, how what Argo CD syncs differs."""
    from evalctl import changed

    try:
        print(changed.manifests(ROOT, base=base), end="")
    except changed.NoComparisonError as error:
        fail(str(error))


def plan_command(
    env: Env,
    out: Annotated[
        Path,
        typer.Option(metavar="DIR", help="For plans/<stack>.json, summary.md and result.json."),
    ],
    stacks: Annotated[
        list[Stack] | None, typer.Argument(metavar="[STACK…]", help="All of them unless given.")
    ] = None,
    refresh: Annotated[
        bool,
        typer.Option(
            help="Look at the account first. Without it, no secret has to be read (docs/secrets.md)."
        ),
    ] = True,
) -> None:
    """Plan an environment's stacks with terraform, as they are rendered, and say what would change.

    It changes nothing, and takes no lock. Needs terraform, and credentials of the environment's account.
    """
    from checks.plan_summary import Failed
    from evalctl import plans

    environment = one_environment(known_environments(), env)
    found = {}
    try:
        for stack, plan in plans.plan(
            environment, stacks or list(Stack), root=ROOT, out=out, refresh=refresh
        ):
            found[stack] = plan
            errors.print(f"{env}-{stack}: planned", highlight=False)
    except plans.TerraformMissingError as error:
        fail(str(error))
    print(plans.write(environment, found, out=out), end="")
    failed = [stack for stack, plan in found.items() if isinstance(plan, Failed)]
    if failed:
        fail(f"Cannot be planned: {', '.join(failed)}.")


def apply_approved_command(
    options: Annotated[
        list[str] | None,
        typer.Argument(metavar="[OPTION…]", help="What cdktf gives `terraform apply`."),
    ] = None,
) -> None:
    """Be the `terraform apply` of a `cdktf deploy`: apply the plan if it is the approved one.

    APPROVED_PLANS holds the approval: {"<environment>-<stack>": "<digest>"}, as `evalctl plan` writes it
    into result.json. A stack that is not named there must have nothing to change.
    """
    from evalctl import approval

    try:
        approval.apply(options or [], folder=Path.cwd())
    except approval.NotApprovedError as error:
        fail(str(error))
    except subprocess.CalledProcessError as error:
        raise typer.Exit(error.returncode) from error


def secret_scan_command(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE…]", help="All tracked files unless given.")
    ] = None,
) -> None:
    """Look for keys in what Git tracks, and in what it would track."""
    from checks import secret_scan

    try:
        found = secret_scan.scan(
            ROOT, [file.absolute() for file in files] if files else secret_scan.tracked(ROOT)
        )
    except (ValueError, OSError) as error:
        fail(str(error))
    if found:
        fail(
            "These look like keys. Revoke what is one, at its issuer: who has read it once has it. Then "
            "take it out; docs/secrets.md says where keys live.",
            *map(str, found),
        )


_ROLES = ("plan", "inspect", "deploy")
