"""Renders environments: the planes side by side, then one swap of the folder."""

import asyncio
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from environments.rules import require_sound
from environments.spec import Environment
from evalctl.processes import started
from evalctl.rendering import tree

PLANES = ("AWS", "Kubernetes and Argo CD")

Progress = Callable[[str, str], None]  # called with (plane, environment) as each is done


class PlaneFailedError(Exception):
    """A plane's program ended with an error; the message is what it said."""


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
        ForeignFilesError: `out` holds something else; nothing was started.
        PlaneFailedError: a plane failed; `out` is as it was.
    """
    started = time.monotonic()
    require_sound(environments)
    names = [env.name for env in environments if only in (None, env.name)]
    folder = out if only is None else out / only
    tree.require_replaceable(folder, environments=only is None)
    with tree.replacement(folder) as fresh:
        # A plane writes one folder for each environment.
        target = fresh if only is None else fresh.parent / "environments"
        asyncio.run(_side_by_side(target, names, progress))
        if only is not None:
            fresh.rmdir()
            (target / only).rename(fresh)
        files = {
            f"{'' if only is None else f'{only}/'}{path.relative_to(fresh)}": path.read_text()
            for path in sorted(fresh.rglob("*"))
            if path.is_file()
        }
    return Rendering(files, time.monotonic() - started)


async def _side_by_side(folder: Path, names: Sequence[str], progress: Progress) -> None:
    runs = [asyncio.create_task(_run(plane, folder, names, progress)) for plane in PLANES]
    try:
        await asyncio.gather(*runs)
    finally:
        for run in runs:
            run.cancel()
        await asyncio.gather(*runs, return_exceptions=True)


async def _run(plane: str, folder: Path, names: Sequence[str], progress: Progress) -> None:
    program = [sys.executable, "-O", "-m", "evalctl.rendering.program", plane, str(folder), *names]
    async with started(*program, stderr=asyncio.subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        errors = asyncio.create_task(process.stderr.read())
        async for line in process.stdout:
            progress(plane, line.decode().strip())
        if await process.wait() != 0:
            raise PlaneFailedError(f"The {plane} plane failed:\n{(await errors).decode().strip()}")
