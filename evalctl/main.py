"""`evalctl`: what a person or a pipeline types."""

from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from checks import policy
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
    known = [environment.name for environment in environments]
    if env is not None and env not in known:
        _fail(
            f"There is no environment {env!r}. Known: {', '.join(known)} (environments/registry.py)."
        )
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[last]}"),
        TimeElapsedColumn(),
        console=console,
    ) as bars:
        total = len(known) if env is None else 1
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
