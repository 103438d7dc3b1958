"""Where the seconds of a render go: `python -P -O -m evalctl.benchmarks.phases RENDERER`, for each step of a renderer.

It imports and renders in the renderer's own order, step by step, and prints JSON: for each step the seconds
of the clock, and of the processor in Python and in Node.
"""

import importlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass
from functools import partial
from pathlib import Path

from environments.registry import ENVIRONMENTS
from evalctl.rendering.renderers import RENDERERS

# Step → the modules that it imports.
_IMPORTS = {
    "AWS": {
        "jsii": ("jsii",),
        "Node": ("stacks", "constructs"),
        "cdktf": ("cdktf",),
        "the provider's classes": ("stacks.aws",),
        "our stacks": ("stacks.app",),
    },
    "Kubernetes and Argo CD": {
        "jsii": ("jsii",),
        "Node": ("k8s", "constructs"),
        "cdk8s": ("cdk8s",),
        "cdk8s-plus": ("cdk8s_plus_28", "cdk8s_plus_28.k8s"),
        "boards and Grafana's SDK": ("dashboards.app",),
        "our charts": ("argocd.app", "argocd.installation", "k8s.app", "k8s.previews"),
    },
}


@dataclass(frozen=True)
class Phase:
    """One step, in seconds."""

    name: str
    seconds: float
    in_python: float
    in_node: float


def phases(renderer: str) -> Iterator[Phase]:
    """The steps of a renderer in this process, which must not have imported a plane yet."""
    steps: dict[str, Callable[[], object]] = {
        name: partial(_import, modules) for name, modules in _IMPORTS[renderer].items()
    }
    steps |= {f"environment {env.name}": partial(RENDERERS[renderer], env) for env in ENVIRONMENTS}
    for name, step in steps.items():
        before = _clocks()
        step()
        wall, python, node = (now - then for now, then in zip(_clocks(), before, strict=True))
        yield Phase(name, wall, python, node)


def _import(modules: tuple[str, ...]) -> None:
    for module in modules:
        importlib.import_module(module)


def _clocks() -> tuple[float, float, float]:
    return time.monotonic(), time.process_time(), _children_seconds()


def _children_seconds() -> float:
    """Of the processor, by the children of this process: Node, from Linux' table of processes."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it ended
            continue
        if int(fields[1]) == os.getpid():
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    print(json.dumps([astuple(phase) for phase in phases(sys.argv[1])]))
