"""Runs the real terraform in a workspace."""

import os
from dataclasses import dataclass
from pathlib import Path

from evalctl.processes import run
from evalctl.rehearsal.emulator import EmulatedAws
from evalctl.rehearsal.failures import told
from evalctl.rehearsal.workspace import Workspace

CHANGES = 2  # what `plan -detailed-exitcode` exits with when there is something to do
MIRROR_VARIABLE = "TF_PROVIDER_MIRROR"
PLAN = "rehearsal.tfplan"


class TerraformError(Exception):
    """terraform failed; the message holds the stack, the command and terraform's own words."""


@dataclass(frozen=True)
class Terraform:
    """terraform, bound to an emulated AWS and to nothing of the user's own configuration."""

    aws: EmulatedAws

    async def init(self, workspace: Workspace, *options: str) -> None:
        source = [f"-plugin-dir={mirror}"] if (mirror := provider_mirror()) else []
        await self._checked(workspace, "init", "-input=false", *source, *options)

    async def plan(self, workspace: Workspace) -> Path:
        """What an apply would do, as JSON; `apply_plan` does exactly that."""
        await self._checked(workspace, "plan", "-input=false", f"-out={PLAN}")
        shown = workspace.folder / f"{PLAN}.json"
        shown.write_text(await self._checked(workspace, "show", "-json", PLAN))
        return shown

    async def apply_plan(self, workspace: Workspace) -> None:
        await self._checked(workspace, "apply", "-input=false", PLAN)

    async def apply(self, workspace: Workspace) -> None:
        await self._checked(workspace, "apply", "-input=false", "-auto-approve")

    async def destroy(self, workspace: Workspace) -> None:
        await self._checked(workspace, "destroy", "-input=false", "-auto-approve")

    async def release_lock(self, workspace: Workspace, lock: str) -> None:
        await self._checked(workspace, "force-unlock", "-force", lock)

    async def require_no_changes(self, workspace: Workspace) -> None:
        """
        Raises:
            TerraformError: a second plan would change what was just applied; with that plan.
        """
        code, said = await self._run(workspace, "plan", "-input=false", "-detailed-exitcode")
        if code == CHANGES:
            raise TerraformError(f"{workspace.stack}: the second plan is not empty:\n{said}")
        if code != 0:
            raise TerraformError(_failed(workspace, "plan", said))

    async def _checked(self, workspace: Workspace, command: str, *options: str) -> str:
        code, said = await self._run(workspace, command, *options)
        if code != 0:
            raise TerraformError(_failed(workspace, command, said))
        return said

    async def _run(self, workspace: Workspace, command: str, *options: str) -> tuple[int, str]:
        return await run(
            *("terraform", command, "-no-color", *options),
            folder=workspace.folder,
            environment=self.environment(),
        )

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


def provider_mirror() -> str | None:
    """A folder with the provider, where there is no registry."""
    return os.environ.get(MIRROR_VARIABLE)


def _failed(workspace: Workspace, command: str, said: str) -> str:
    words = told(said, folder=workspace.folder)
    return f"{workspace.stack}: terraform {command} failed:\n{words}"
