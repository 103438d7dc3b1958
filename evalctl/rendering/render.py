"""Renders environments: both renderers at the same time, then one swap of the folder."""

import asyncio
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from environments.rules import require_valid
from environments.spec import Environment
from evalctl.processes import started
from evalctl.rendering import tree
from evalctl.rendering.renderers import RENDERERS

Progress = Callable[
    [str, str], None
]  # called with (renderer, environment) when that one is written


class RendererFailedError(Exception):
    """A renderer ended with an error; the message holds its error output."""


@dataclass(frozen=True)
class Rendering:
    """What was written (path below the rendered folder → text), and how long it took."""

    files: dict[str, str]
    seconds: float


def render(
    environments: Sequence[Environment], *, out: Path, only: str | None, progress: Progress
) -> Rendering:
    """Render into `out`: all of it, or with `only` just the folder of that environment.

    Raises:
        InvalidEnvironmentError: a value breaks a rule; nothing was started.
        ForeignFilesError: `out` holds other files; nothing was started.
        RendererFailedError: a renderer failed; `out` is as it was.
    """
    began = time.monotonic()
    require_valid(environments)
    names = [env.name for env in environments if only in (None, env.name)]
    folder = out if only is None else out / only
    tree.require_replaceable(folder, environments=only is None)
    with tree.replacement(folder) as fresh:
        # A renderer writes one folder for each environment.
        target = fresh if only is None else fresh.parent / "environments"
        asyncio.run(_side_by_side(target, names, progress))
        if only is not None:
            fresh.rmdir()
            (target / only).rename(fresh)
    return Rendering(tree.texts(out, only=only), time.monotonic() - began)


async def _side_by_side(folder: Path, names: Sequence[str], progress: Progress) -> None:
    tasks = [asyncio.create_task(_run(name, folder, names, progress)) for name in RENDERERS]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _run(renderer: str, folder: Path, names: Sequence[str], progress: Progress) -> None:
    program = (sys.executable, "-O", "-m", "evalctl.rendering.renderers")
    async with started(
        *program, renderer, str(folder), *names, stderr=asyncio.subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        errors = asyncio.create_task(process.stderr.read())
        async for line in process.stdout:
            progress(renderer, line.decode().strip())
        if await process.wait() != 0:
            text = (await errors).decode().strip()
            raise RendererFailedError(f"{renderer} cannot be rendered:\n{text}")
