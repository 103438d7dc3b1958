"""An emulated account for several tests: one event loop keeps its server running."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import TypeVar

import pytest

from environments.names import Stack
from stacks.base import PROVIDER_VERSION
from tests.support import tools
from tests.support.paths import ROOT

T = TypeVar("T")


class Loop:
    """Runs coroutines of synchronous tests in one event loop."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self._runner = runner

    def __call__(self, work: Coroutine[None, None, T]) -> T:
        return self._runner.run(work)


@contextmanager
def opened(context: AbstractAsyncContextManager[T]) -> Iterator[tuple[T, Loop]]:
    """The value of an asynchronous context, open until the end of the caller's block."""
    with asyncio.Runner() as runner:
        loop = Loop(runner)
        value = loop(_enter(context))
        try:
            yield value, loop
        finally:
            loop(_leave(context))


async def _enter(context: AbstractAsyncContextManager[T]) -> T:
    return await context.__aenter__()


async def _leave(context: AbstractAsyncContextManager[T]) -> None:
    await context.__aexit__(None, None, None)


def require_terraform() -> None:
    tools.program("terraform", get_it="install Terraform 1.11 or newer")
    tools.folder("TF_PROVIDER_MIRROR", holding=f"hashicorp/aws {PROVIDER_VERSION}")


def require_cdktf() -> None:
    require_terraform()
    if not (ROOT / "node_modules" / ".bin" / "cdktf").exists():
        pytest.skip("cdktf is not installed: run `make cdktf`")


def print_progress(phase: str, stack: Stack, seconds: float) -> None:
    """pytest shows the output of a failed test, or of every test with --capture=no."""
    print(f"  {phase:8} {stack:11} {seconds:6.1f} s")
