"""One environment on the emulated AWS, with a Terraform working directory for each stack."""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from environments.names import Stack
from environments.spec import Environment
from evalctl.rehearsal.emulator import EmulatedAws, emulated_aws
from evalctl.rehearsal.terraform import Terraform
from evalctl.rehearsal.working_directory import WorkingDirectory, copy_stack

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

        With `reverse`, a stack waits for the stacks that depend on it.
        """
        slots = asyncio.Semaphore(PARALLELISM)
        directories = dict(self.directories)
        del directories[Stack.STATE]
        tasks: dict[Stack, asyncio.Task[None]] = {}

        async def when_ready(stack: Stack) -> None:
            await asyncio.gather(*(tasks[other] for other in directories if before(other, stack)))
            async with slots:
                await self.timed(phase, step, directories[stack])

        def before(one: Stack, other: Stack) -> bool:
            if reverse:
                return other in directories[one].dependencies
            return one in directories[other].dependencies

        async with asyncio.TaskGroup() as group:
            for stack in directories:
                tasks[stack] = group.create_task(when_ready(stack))

    async def timed(self, phase: str, step: Step, directory: WorkingDirectory) -> None:
        started = time.monotonic()
        await step(directory)
        self.progress(phase, directory.stack, time.monotonic() - started)


@asynccontextmanager
async def emulated_environment(
    env: Environment, *, rendered: Path, progress: Progress, eks_endpoint: str | None = None
) -> AsyncIterator[EmulatedEnvironment]:
    """A running emulator and copies of the rendered stacks; both are removed at the end."""
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as scratch:
        directories = {
            stack: copy_stack(rendered / env.name, stack, Path(scratch)) for stack in Stack
        }
        log = Path(scratch, "emulator.log")
        with emulated_aws(env.account, log, eks_endpoint=eks_endpoint) as aws:
            yield EmulatedEnvironment(env, aws, Terraform(aws), directories, progress)
