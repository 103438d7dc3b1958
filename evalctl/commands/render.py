"""`evalctl render`, `docs` and `dashboards preview`: what is made from the values."""

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from environments import images
from environments.rules import InvalidEnvironmentError
from environments.spec import Environment
from evalctl import summary
from evalctl.render import PLANES, PlaneFailedError, Rendering, render
from evalctl.terminal import console, fail, known_environments, one_environment
from evalctl.tree import ForeignFilesError

RENDERED = Path("rendered")
PREVIEW = Path("preview-pages")


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
    environments = known_environments()
    if env is not None:
        one_environment(environments, env)
    rendering = render_with_progress(environments, out=out, only=env)
    console.print(summary.table(rendering.files))
    console.print(f"[bold]{out}[/bold]: {len(rendering.files)} files in {rendering.seconds:.1f} s")


def docs_command() -> None:
    """Write the pages that are made from the values: docs/runbooks/ and docs/telemetry.md."""
    from evalctl import docs

    changed = docs.write(known_environments(), root=images.FILE.parent.parent)
    for path in changed:
        console.print(f"  {path}", highlight=False)
    console.print(f"[bold]docs[/bold]: {len(changed)} pages changed")


def preview_command(
    env: Annotated[
        str, typer.Option(metavar="NAME", help="The environment whose boards are drawn.")
    ] = "prod",
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Where the pages are written; ignored by Git.")
    ] = PREVIEW,
) -> None:
    """Draw the boards as pages that open in a browser, without a Grafana.

    The panels are read from the same JSON that Grafana gets. Their queries are asked of a real
    Prometheus and of ClickHouse's own engine, both on this machine and filled with invented data, which
    is the same every time. Needs `prometheus` and `promtool` on the PATH. A panel that shows nothing
    is an error.
    """
    from preview import run

    environment = one_environment(known_environments(), env)
    try:
        with console.status(f"drawing the boards of {env}") as status:
            drawn = run.preview(environment, out=out, progress=status.update)
    except run.FAILURES as error:
        fail(f"The boards of {env} were not drawn.", str(error))
    for page in drawn.pages:
        console.print(f"  {page}", highlight=False)
    if drawn.problems:
        fail("Panels show nothing:", *drawn.problems)


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
