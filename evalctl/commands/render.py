"""`evalctl render`: all files that are made from the values."""

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from environments.rules import InvalidEnvironmentError
from environments.spec import Environment
from evalctl import checkout, summary
from evalctl.rendering.render import PLANES, PlaneFailedError, Rendering, render
from evalctl.rendering.tree import ForeignFilesError
from evalctl.terminal import console, fail, known_environments, one_environment


def command(
    *,
    env: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Render only this environment, and leave the others."),
    ] = None,
    out: Annotated[
        Path,
        typer.Option(
            metavar="DIR",
            help="The folder to write; it is replaced as a whole.",
            default_factory=lambda: checkout.path("rendered"),
            show_default="rendered/ of this checkout",
        ),
    ],
) -> None:
    """Write every environment's Terraform, Kubernetes and Argo CD files.

    Nothing is written when a value breaks a rule or a plane fails: the folder stays as it was.
    Files that no longer belong disappear. The same values give the same bytes.
    """
    environments = known_environments()
    if env is not None:
        one_environment(environments, env)
    rendering = render_with_progress(environments, out=out, only=env)
    console.print(summary.table(rendering.files))
    console.print(f"[bold]{out}[/bold]: {len(rendering.files)} files in {rendering.seconds:.1f} s")


def render_with_progress(
    environments: tuple[Environment, ...], *, out: Path, only: str | None
) -> Rendering:
    """Render and show how far it is, or exit with what went wrong."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[last]}"),
        TimeElapsedColumn(),
        console=console,
    ) as bars:
        total = len(environments) if only is None else 1
        tasks = {plane: bars.add_task(plane, total=total, last="starting") for plane in PLANES}
        try:
            return render(
                environments,
                out=out,
                only=only,
                progress=lambda plane, name: bars.update(tasks[plane], advance=1, last=name),
            )
        except InvalidEnvironmentError as error:
            bars.stop()
            fail("The environments break rules; nothing was rendered.", *error.problems)
        except (ForeignFilesError, PlaneFailedError) as error:
            bars.stop()
            fail(str(error))
