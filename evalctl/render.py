"""Renders environments: the planes side by side, then one swap of the folder."""

import multiprocessing
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures import wait as wait_for
from dataclasses import dataclass
from multiprocessing.queues import SimpleQueue
from pathlib import Path

from environments.rules import require_sound
from environments.spec import Environment
from evalctl import planes, tree

# Two processes: Terraform and Kubernetes each wait on a Node of their own.
PLANES: dict[str, Callable[[Sequence[Environment], planes.Progress], planes.Files]] = {
    "AWS": planes.terraform,
    "Kubernetes and Argo CD": planes.kubernetes,
}


@dataclass(frozen=True)
class Rendering:
    """What was written, and how long it took."""

    files: planes.Files
    seconds: float


def render(
    environments: Sequence[Environment],
    *,
    out: Path,
    only: str | None,
    progress: Callable[[str, str], None],
) -> Rendering:
    """Render into `out`: all of it, or with `only` just the folder of that environment.

    `progress` is called with (plane, environment) as each is done.

    Raises:
        InvalidEnvironmentError: a value breaks a rule; nothing was started.
        ForeignFilesError: `out` holds something else; nothing was started.
    """
    started = time.monotonic()
    require_sound(environments)
    chosen = [env for env in environments if only in (None, env.name)]
    folder = out if only is None else out / only
    tree.require_replaceable(folder, environments=only is None)
    files = _in_parallel(chosen, progress)
    prefix = "rendered/" if only is None else f"rendered/{only}/"
    tree.replace(folder, {path.removeprefix(prefix): text for path, text in files.items()})
    return Rendering(files, time.monotonic() - started)


def _in_parallel(
    environments: Sequence[Environment], progress: Callable[[str, str], None]
) -> planes.Files:
    context = multiprocessing.get_context("spawn")
    finished: SimpleQueue[tuple[str, str]] = context.SimpleQueue()
    with ProcessPoolExecutor(len(PLANES), context, _remember, (finished,)) as pool:
        futures = [pool.submit(_render_plane, plane, environments) for plane in PLANES]
        _report(finished, futures, progress)
        return {path: text for future in futures for path, text in future.result().items()}


def _report(
    finished: "SimpleQueue[tuple[str, str]]",
    futures: list["Future[planes.Files]"],
    progress: Callable[[str, str], None],
) -> None:
    pending = set(futures)
    while pending:
        _, pending = wait_for(pending, timeout=0.05)
        while not finished.empty():
            progress(*finished.get())


_finished: "SimpleQueue[tuple[str, str]]"


def _remember(finished: "SimpleQueue[tuple[str, str]]") -> None:
    global _finished
    _finished = finished


def _render_plane(plane: str, environments: Sequence[Environment]) -> planes.Files:
    return PLANES[plane](environments, lambda name: _finished.put((plane, name)))
