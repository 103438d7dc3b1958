"""Runs the real terraform in a workspace."""

import asyncio
import os
import shutil
from dataclasses import dataclass

from rehearsal.emulator import EmulatedAws
from rehearsal.processes import end
from rehearsal.workspace import Workspace

CHANGES = 2  # what `plan -detailed-exitcode` exits with when there is something to do
MIRROR_VARIABLE = "TF_PROVIDER_MIRROR"


class TerraformError(Exception):
    """terraform failed; the message holds the stack, the command and terraform's own words."""


@dataclass(frozen=True)
class Terraform:
    """terraform, bound to an emulated AWS and to nothing of the user's own configuration."""

    program: str
    aws: EmulatedAws

    @classmethod
    def on(cls, aws: EmulatedAws) -> "Terraform":
        """
        Raises:
            TerraformError: it is not installed.
        """
        program = shutil.which("terraform")
        if program is None:
            raise TerraformError("terraform is not installed; install 1.11 or newer.")
        return cls(program, aws)

    async def init(self, workspace: Workspace, *options: str) -> None:
        mirror = os.environ.get(MIRROR_VARIABLE)
        source = [f"-plugin-dir={mirror}"] if mirror else []
        await self._checked(workspace, "init", *source, *options)

    async def apply(self, workspace: Workspace, *options: str) -> None:
        await self._checked(workspace, "apply", "-auto-approve", *options)

    async def destroy(self, workspace: Workspace) -> None:
        await self._checked(workspace, "destroy", "-auto-approve")

    async def require_no_changes(self, workspace: Workspace) -> None:
        """
        Raises:
            TerraformError: a second plan would change what was just applied; with that plan.
        """
        code, said = await self._run(workspace, "plan", "-detailed-exitcode")
        if code == CHANGES:
            raise TerraformError(f"{workspace.stack}: the second plan is not empty:\n{said}")
        if code != 0:
            raise TerraformError(f"{workspace.stack}: terraform plan failed:\n{said}")

    async def _checked(self, workspace: Workspace, command: str, *options: str) -> None:
        code, said = await self._run(workspace, command, *options)
        if code != 0:
            raise TerraformError(f"{workspace.stack}: terraform {command} failed:\n{_errors(said)}")

    async def _run(self, workspace: Workspace, command: str, *options: str) -> tuple[int, str]:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *(self.program, command, "-no-color", "-input=false", *options),
            cwd=workspace.folder,
            env=self.environment(),
            stdout=pipe,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            said, _ = await process.communicate()
        finally:
            await end(process)
        assert process.returncode is not None
        return process.returncode, said.decode()

    def environment(self) -> dict[str, str]:
        """Nothing of AWS's or Terraform's that the user has set can reach the rehearsal."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("AWS_", "TF_", "HTTP_PROXY", "HTTPS_PROXY"))
        }
        return kept | {
            **self.aws.environment,
            "CHECKPOINT_DISABLE": "1",
            "TF_CLI_CONFIG_FILE": "/dev/null",
            "TF_IN_AUTOMATION": "1",
        }


def _errors(said: str) -> str:
    """From terraform's first error on; all of it where there is none."""
    return said[max(said.find("Error: "), 0) :].strip()
