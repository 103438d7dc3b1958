"""`evalctl`: what a person or a pipeline types."""

from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from checks import plan_guard, policy
from environments.rules import InvalidEnvironmentError
from environments.spec import Environment
from evalctl import summary
from evalctl.render import PLANES, PlaneFailedError, render
from evalctl.tree import ForeignFilesError

RENDERED = Path("rendered")

console = Console()
errors = Console(stderr=True)
app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    help="Render, check and deliver the AI evaluation platform, one command each.",
)


@app.command("render")
def render_command(
    env: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Render only this environment, and leave the others."),
    ] = None,
    out: Annotated[
        Path,
        typer.Option(metavar="DIR", help="The folder to write; it is replaced as a whole."),
    ] = RENDERED,
) -> None:
    """Write every environment's Terraform, Kubernetes and Argo CD files.

    Nothing is written when a value breaks a rule or a plane fails: the folder stays as it was.
    Files that no longer belong disappear. The same values give the same bytes.
    """
    environments = _environments()
    if env is not None:
        _one_environment(environments, env)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[last]}"),
        TimeElapsedColumn(),
        console=console,
    ) as bars:
        total = len(environments) if env is None else 1
        tasks = {plane: bars.add_task(plane, total=total, last="starting") for plane in PLANES}
        try:
            rendering = render(
                environments,
                out=out,
                only=env,
                progress=lambda plane, name: bars.update(tasks[plane], advance=1, last=name),
            )
        except InvalidEnvironmentError as error:
            bars.stop()
            _fail("The environments break rules; nothing was rendered.", *error.problems)
        except (ForeignFilesError, PlaneFailedError) as error:
            bars.stop()
            _fail(str(error))
    console.print(summary.table(rendering.files))
    console.print(f"[bold]{out}[/bold]: {len(rendering.files)} files in {rendering.seconds:.1f} s")


@app.command("check")
def check_command(
    rendered: Annotated[
        Path, typer.Argument(metavar="DIR", help="The rendered folder to scan.")
    ] = RENDERED,
) -> None:
    """Scan what was rendered with checkov.

    Findings that are wrong for this platform are answered in checks/policy_skips.toml, each with its
    reason. A skip that no longer matches anything, and a file that checkov could not read, are
    findings too.
    """
    try:
        with console.status(f"checkov reads {rendered}"):
            found = policy.findings(rendered)
    except (ValueError, RuntimeError) as error:
        _fail(str(error))
    if found:
        _fail(
            f"{len(found)} findings. Mend them, or answer for them in checks/policy_skips.toml.",
            *map(str, found),
        )
    console.print(f"[bold]{rendered}[/bold]: no findings")


@app.command("rehearse")
def rehearse_command(
    env: Annotated[str, typer.Argument(metavar="ENV", help="The environment to rehearse.")],
) -> None:
    """Deploy an environment to an emulated AWS on this machine, check it, and tear it down.

    Runs the real terraform with the real AWS provider on the unmodified rendered stacks: the state
    bucket first, every stack, a second plan that must be empty, a look at what the account then
    holds, a teardown, and a look for what is left. Takes minutes; nothing leaves the machine.
    Without a registry, TF_PROVIDER_MIRROR names a filesystem mirror with the provider.
    """
    from rehearsal import run

    environment = _one_environment(_environments(), env)
    try:
        seconds = run.rehearse(environment, rendered=RENDERED, console=console)
    except run.FAILURES as error:
        _fail(f"The rehearsal of {env} failed.", *run.causes(error))
    console.print(f"[bold]{env}[/bold] rehearsed in {seconds / 60:.1f} minutes")


@app.command("plan-guard")
def plan_guard_command(
    plan: Annotated[
        Path, typer.Argument(metavar="PLAN.json", help="What `terraform show -json PLAN` wrote.")
    ],
    env: Annotated[str, typer.Option(metavar="NAME", help="The environment that the plan is for.")],
    allow: Annotated[
        list[str] | None,
        typer.Option(metavar="ADDRESS", help="A resource whose loss is intended; repeatable."),
    ] = None,
) -> None:
    """Refuse a plan that would destroy or replace what holds data.

    Databases, volumes, buckets, secrets, keys, the queue and the cluster are protected in every
    environment whose value says that its data is (`database.deletion_protection`).
    """
    environment = _one_environment(_environments(), env)
    try:
        refused = plan_guard.refusals(plan, allowed=allow or ())
    except plan_guard.NotAPlanError as error:
        _fail(str(error))
    if refused and environment.database.deletion_protection:
        _fail(f"{env} protects its data; this plan may not be applied.", *map(str, refused))
    for refusal in refused:
        console.print(f"{refusal} (not asked of {env}, which protects no data)", markup=False)
    console.print(f"[bold]{plan}[/bold]: takes away nothing that is protected")


def _one_environment(environments: tuple[Environment, ...], name: str) -> Environment:
    for environment in environments:
        if environment.name == name:
            return environment
    known = ", ".join(environment.name for environment in environments)
    _fail(f"There is no environment {name!r}. Known: {known} (environments/registry.py).")


def _environments() -> tuple[Environment, ...]:
    """The values, or an exit that says where they cannot be read."""
    try:
        from environments.registry import ENVIRONMENTS
    except Exception as error:  # whatever a person can get wrong in a Python file
        _fail(f"The environments cannot be read: {summary.where_it_failed(error)}")
    return ENVIRONMENTS


def _fail(message: str, *details: str) -> NoReturn:
    errors.print(message, style="bold red", highlight=False, markup=False)
    for detail in details:
        errors.print(f"  • {detail}", highlight=False, markup=False)
    raise typer.Exit(1)


def run() -> None:
    """The console script."""
    app()


if __name__ == "__main__":
    run()
