"""`evalctl render`: all files that are made from the values."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from environments.rules import InvalidEnvironmentError
from environments.spec import Environment
from evalctl import checkout, release
from evalctl.rendering import changes, counts, scratch
from evalctl.rendering.changes import Change
from evalctl.rendering.render import RendererFailedError, Rendering, render
from evalctl.rendering.renderers import RENDERERS
from evalctl.rendering.tree import ForeignFilesError
from evalctl.terminal import console, fail
from evalctl.values import known_environments, one_environment


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
            help="The folder to write.",
            default_factory=lambda: checkout.path("rendered"),
            show_default="rendered/ of this checkout",
        ),
    ],
) -> None:
    """Write every environment's Terraform, Kubernetes and Argo CD files.

    When a value breaks a rule or a step fails, nothing is written and the folder stays as it was.
    Files that are no longer rendered are removed, and listed. What Terraform keeps in the same folder stays;
    any other file is refused. The same values give the same bytes.

    Example: evalctl render --env dev
    """
    out = out.absolute()
    with alone() as place:
        environments = known_environments()
        if env is not None:
            one_environment(environments, env)
        rendering = render_with_progress(environments, out=out, only=env, place=place)
    for path in sorted(rendering.before.keys() - rendering.files.keys()):
        console.print(f"  removed {out / path}", highlight=False, markup=False, soft_wrap=True)
    console.print(counts.table(rendering.files))
    written = [environment for environment in environments if env in (None, environment.name)]
    if (zeros := release.not_released(written)) is not None:
        console.print(zeros, highlight=False, markup=False, soft_wrap=True)
    console.print(f"[bold]{out}[/bold]: {len(rendering.files)} files in {rendering.seconds:.1f} s")


@contextmanager
def alone() -> Iterator[scratch.Scratch]:
    """Wait until no other evalctl writes in this checkout, and undo what a killed one left half written."""

    def on_wait(process: str) -> None:
        console.print(
            f"Another evalctl (process {process}) writes in this checkout; "
            f"waiting for it, at most {scratch.WAIT_SECONDS} s",
            highlight=False,
        )

    try:
        with scratch.exclusive(on_wait=on_wait) as place:
            if undone := changes.undo_interrupted(place):
                console.print(
                    f"An earlier run was stopped while it wrote; undone: {len(undone)} files",
                    highlight=False,
                )
            yield place
    except scratch.BusyError as error:
        fail(str(error))


def render_with_progress(
    environments: tuple[Environment, ...],
    *,
    out: Path,
    only: str | None,
    place: scratch.Scratch,
    with_them: Sequence[Change] = (),
) -> Rendering:
    """Render with progress bars, or exit with what went wrong."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[last]}"),
        TimeElapsedColumn(),
        console=console,
    ) as bars:
        total = len(environments) if only is None else 1
        tasks = {name: bars.add_task(name, total=total, last="starting") for name in RENDERERS}
        try:
            return render(
                environments,
                out=out,
                only=only,
                scratch=place,
                with_them=with_them,
                overview=_overview,
                progress=lambda renderer, env: bars.update(tasks[renderer], advance=1, last=env),
            )
        except InvalidEnvironmentError as error:
            bars.stop()
            fail("The environments break rules; nothing was rendered.", *error.problems)
        except (ForeignFilesError, RendererFailedError) as error:
            bars.stop()
            fail(str(error))


def _overview(env: Environment, files: Mapping[str, str]) -> str:
    # Imported while the renderers run: a quarter of what this module would import before they start.
    from evalctl.overview import page

    return page.markdown(env, files)
