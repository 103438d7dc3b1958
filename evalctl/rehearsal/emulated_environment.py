"""One environment on the emulated AWS, with a Terraform working directory for each stack."""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path

from environments.names import Stack
from environments.spec import Environment
from evalctl.rehearsal.emulator import EmulatedAws, emulated_aws
from evalctl.rehearsal.terraform import Terraform
from evalctl.rehearsal.working_directory import WorkingDirectory, copy_stacks

# Each terraform uses one core while its provider starts, and mostly waits after that.
PARALLELISM = 3

Progress = Callable[[str, Stack, float], None]  # phase, stack, seconds that it took
Step = Callable[[WorkingDirectory], Awaitable[None]]


@dataclass(frozen=True)
class EmulatedEnvironment:
    """An emulated AWS, and a working directory for every stack of one environment."""

    env: Environment
    aws: EmulatedAws
    terraform: Terraform
    directories: Mapping[Stack, WorkingDirectory]
    progress: Progress

    async def each(self, phase: str, step: Step, *, reverse: bool = False) -> None:
        """Run the step in every stack except `state`, each as soon as its dependencies are done.

        Of the stacks that can run, the one for which most others wait is the first. With `reverse`, a stack
        waits for the stacks that depend on it.
        """
        before = self._before(reverse=reverse)
        order = TopologicalSorter(before)
        order.prepare()
        ready: list[Stack] = []
        running: dict[asyncio.Task[None], Stack] = {}
        async with asyncio.TaskGroup() as group:
            while order.is_active():
                ready += order.get_ready()
                ready.sort(key=lambda stack: len(_waiting_for(stack, before)))
                while ready and len(running) < PARALLELISM:
                    stack = ready.pop()
                    task = group.create_task(self.timed(phase, step, self.directories[stack]))
                    running[task] = stack
                ended, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in ended:
                    task.result()
                    order.done(running.pop(task))

    def _before(self, *, reverse: bool) -> Mapping[Stack, frozenset[Stack]]:
        """Each stack except `state`, and the stacks that are done before it."""
        after: dict[Stack, frozenset[Stack]] = {
            stack: directory.dependencies - {Stack.STATE}
            for stack, directory in self.directories.items()
            if stack is not Stack.STATE
        }
        if not reverse:
            return after
        return {
            stack: frozenset(other for other, earlier in after.items() if stack in earlier)
            for stack in after
        }

    async def timed(self, phase: str, step: Step, directory: WorkingDirectory) -> None:
        started = time.monotonic()
        await step(directory)
        self.progress(phase, directory.stack, time.monotonic() - started)


def _waiting_for(stack: Stack, before: Mapping[Stack, frozenset[Stack]]) -> frozenset[Stack]:
    """The stacks that wait for this one, also by way of others."""
    waiting = frozenset(other for other, earlier in before.items() if stack in earlier)
    return waiting.union(*(_waiting_for(other, before) for other in waiting))


@asynccontextmanager
async def emulated_environment(
    env: Environment, *, rendered: Path, progress: Progress, eks_endpoint: str | None = None
) -> AsyncIterator[EmulatedEnvironment]:
    """A running emulator and copies of the rendered stacks; both are removed at the end."""
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as scratch:
        directories = copy_stacks(rendered / env.name, Path(scratch))
        log = Path(scratch, "emulator.log")
        with emulated_aws(env.account, log, eks_endpoint=eks_endpoint) as aws:
            yield EmulatedEnvironment(env, aws, Terraform(aws), directories, progress)
