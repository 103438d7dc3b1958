"""Runs cdktf's command line, as an operator does, against an emulated AWS."""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from environments.names import Stack
from environments.spec import Environment
from evalctl.processes import run
from evalctl.rehearsal.emulated_environment import PARALLELISM, EmulatedEnvironment, Progress
from evalctl.rehearsal.emulator import emulated_aws
from evalctl.rehearsal.terraform import Terraform
from evalctl.rehearsal.working_directory import WorkingDirectory


class CdktfError(Exception):
    """cdktf failed. The message has the command and its output."""


@dataclass(frozen=True)
class Cdktf:
    """cdktf of a checkout."""

    project: Path
    terraform: Terraform

    async def synth(self) -> None:
        await self._checked("synth")

    async def deploy(self, *stacks: str) -> None:
        await self._checked("deploy", *stacks, *_UNATTENDED)

    async def destroy(self, *stacks: str) -> None:
        await self._checked("destroy", *stacks, *_UNATTENDED)

    def directory(self, env: Environment, stack: Stack) -> WorkingDirectory:
        """The folder in which cdktf runs terraform. cdktf keeps the other files in it."""
        return WorkingDirectory(
            stack, self.project / "cdktf.out" / "stacks" / f"{env.name}-{stack}"
        )

    async def _checked(self, command: str, *options: str) -> None:
        program = self.project / "node_modules" / ".bin" / "cdktf"
        code, output = await run(
            *(str(program), command, *options),
            folder=self.project,
            environment=self.environment(),
        )
        if code != 0:
            raise CdktfError(f"cdktf {command} {' '.join(options)} failed:\n{output}")

    def environment(self) -> dict[str, str]:
        """cdktf has no options for the terraform that it starts, so they are variables."""
        return {
            **self.terraform.environment(),
            # Node is in the same folder as Python.
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "CI": "1",
            # The cache is in the user's home by default.
            "CDKTF_DISABLE_PLUGIN_CACHE_ENV": "1",
        }


_UNATTENDED = ("--auto-approve", "--no-color", f"--parallelism={PARALLELISM}")


@asynccontextmanager
async def cdktf_environment(
    env: Environment, *, project: Path, progress: Progress
) -> AsyncIterator[tuple[EmulatedEnvironment, Cdktf]]:
    """An emulated environment in the folders to which cdktf synthesizes, in a separate checkout."""
    with emulated_aws(env.account, project / "emulator.log") as aws:
        cdktf = Cdktf(project, Terraform(aws))
        await cdktf.synth()
        directories = {stack: cdktf.directory(env, stack) for stack in Stack}
        yield EmulatedEnvironment(env, aws, cdktf.terraform, directories, progress), cdktf
