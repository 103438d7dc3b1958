"""Renders environments: both renderers at the same time, then one change of the files that differ."""

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from environments.names import Names
from environments.rules import require_valid
from environments.spec import Environment
from evalctl.processes import started
from evalctl.rendering import changes, tree
from evalctl.rendering.changes import Change
from evalctl.rendering.renderers import RENDERERS
from evalctl.rendering.scratch import Scratch

# called with (renderer, environment) when that one is written
Progress = Callable[[str, str], None]
# The page of an environment, from its rendered files (path below its folder → text).
Overview = Callable[[Environment, Mapping[str, str]], str]
_ROOT = Path(__file__).parents[2]


class RendererFailedError(Exception):
    """A renderer ended with an error; the message holds its error output."""


@dataclass(frozen=True)
class Rendering:
    """The rendered files before and now (path below the rendered folder → text), and how long it took."""

    before: dict[str, str]
    files: dict[str, str]
    seconds: float


def render(
    environments: Sequence[Environment],
    *,
    out: Path,
    only: str | None,
    scratch: Scratch,
    progress: Progress,
    overview: Overview,
    with_them: Sequence[Change] = (),
) -> Rendering:
    """Render into `out`: all of it, or with `only` just the folder of that environment.

    `with_them` are changes that are made in the same step.

    Raises:
        InvalidEnvironmentError: a value breaks a rule; nothing was started.
        ForeignFilesError: `out` holds other files; nothing was written.
        RendererFailedError: a renderer failed; `out` is as it was.
    """
    began = time.monotonic()
    require_valid(environments)
    before = tree.texts(out, only=only)
    rendered = [env for env in environments if only in (None, env.name)]
    if not out.exists():
        _require_writable(next(folder for folder in out.parents if folder.exists()))
    files: dict[str, str] = {}
    missing = {env.name: set(RENDERERS) for env in rendered}
    fresh = scratch.folder / "fresh"

    def on_written(renderer: str, name: str) -> None:
        """Make the page of a whole environment, while the renderers write the next one."""
        progress(renderer, name)
        missing[name].remove(renderer)
        if not missing[name]:
            (env,) = (each for each in rendered if each.name == name)
            files.update(tree.texts(fresh, only=name))
            files[_page(env)] = overview(env, _below(files, env))

    asyncio.run(_side_by_side(fresh, rendered, scratch, on_written))
    steps = [*with_them, *tree.changes(out, files, only=only)]
    changes.apply(steps, root=out, scratch=scratch)
    return Rendering(before, files, time.monotonic() - began)


def _page(env: Environment) -> str:
    return Names(env).overview.removeprefix("rendered/")


def _below(files: Mapping[str, str], env: Environment) -> dict[str, str]:
    """The environment's files, by their path below its folder."""
    start = f"{env.name}/"
    return {
        path.removeprefix(start): text for path, text in files.items() if path.startswith(start)
    }


def _require_writable(folder: Path) -> None:
    """Fail before the work starts, not after it.

    Raises:
        OSError: the folder is a file, or nothing can be created in it.
    """
    with TemporaryDirectory(dir=folder):
        pass


async def _side_by_side(
    folder: Path, environments: Sequence[Environment], scratch: Scratch, progress: Progress
) -> None:
    images = json.dumps({env.name: dict(env.images) for env in environments})
    tasks = [
        asyncio.create_task(_run(name, folder, images, scratch, progress)) for name in RENDERERS
    ]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            if not task.cancelling():  # a second cancellation would cut off the end of its process
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _run(
    renderer: str, folder: Path, images: str, scratch: Scratch, progress: Progress
) -> None:
    # -P: rendered/<environment>/ has folders with the names of packages, such as k8s.
    program = (sys.executable, "-P", "-O", "-m", "evalctl.rendering.renderers")
    temporary = scratch.folder / "temporary"  # also Node's
    temporary.mkdir(exist_ok=True)
    variables = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(_ROOT), os.environ.get("PYTHONPATH", "")]).strip(":"),
        "TMPDIR": str(temporary),
    }
    async with started(
        *(*program, renderer, str(folder), images),
        folder=_ROOT,
        environment=variables,
        stderr=asyncio.subprocess.PIPE,
        inherited=(scratch.lock,),
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        errors = asyncio.create_task(process.stderr.read())
        async for line in process.stdout:
            progress(renderer, line.decode().strip())
        if await process.wait() != 0:
            text = (await errors).decode().strip()
            raise RendererFailedError(f"{renderer} cannot be rendered:\n{text}")
