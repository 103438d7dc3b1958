"""Runs cdktf's own command line, as an owner does, against an emulated AWS."""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from environments.names import Stack
from environments.spec import Environment
from evalctl.processes import run
from evalctl.rehearsal.emulator import emulated_aws
from evalctl.rehearsal.rehearse import SIDE_BY_SIDE, Progress, Stage
from evalctl.rehearsal.terraform import Terraform, provider_mirror
from evalctl.rehearsal.workspace import Workspace


class CdktfError(Exception):
    """cdktf failed; the message holds the command and everything it said."""


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

    def workspace(self, env: Environment, stack: Stack) -> Workspace:
        """Where cdktf runs terraform; what is beside the synthesized file there stays."""
        return Workspace(stack, self.project / "cdktf.out" / "stacks" / f"{env.name}-{stack}")

    async def _checked(self, command: str, *options: str) -> None:
        program = self.project / "node_modules" / ".bin" / "cdktf"
        code, said = await run(
            *(str(program), command, *options),
            folder=self.project,
            environment=self.environment(),
        )
        if code != 0:
            raise CdktfError(f"cdktf {command} {' '.join(options)} failed:\n{said}")

    def environment(self) -> dict[str, str]:
        """The terraform that cdktf starts takes its options from variables."""
        variables = {
            **self.terraform.environment(),
            # Node stands beside Python.
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "CI": "1",
            # The cache would be in the user's home.
            "CDKTF_DISABLE_PLUGIN_CACHE_ENV": "1",
        }
        if (mirror := provider_mirror()) is not None:
            variables["TF_CLI_ARGS_init"] = f"-plugin-dir={mirror}"
            variables["TF_CLI_ARGS_providers_lock"] = f"-fs-mirror={mirror}"
        return variables


_UNATTENDED = ("--auto-approve", "--no-color", f"--parallelism={SIDE_BY_SIDE}")


@asynccontextmanager
async def cdktf_stage(
    env: Environment, *, project: Path, progress: Progress
) -> AsyncIterator[tuple[Stage, Cdktf]]:
    """A stage in the folders into which cdktf synthesizes, which are in a checkout of its own."""
    with emulated_aws(env.account, project / "emulator.log") as aws:
        cdktf = Cdktf(project, Terraform(aws))
        await cdktf.synth()
        workspaces = {stack: cdktf.workspace(env, stack) for stack in Stack}
        yield Stage(env, aws, cdktf.terraform, workspaces, progress), cdktf
