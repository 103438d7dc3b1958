"""Runs the real terraform in a working directory."""

import os
from dataclasses import dataclass
from pathlib import Path

from evalctl import terraform_settings
from evalctl.processes import GO_VARIABLES, run
from evalctl.rehearsal.emulator import EmulatedAws
from evalctl.rehearsal.terraform_errors import error_message
from evalctl.rehearsal.working_directory import WorkingDirectory

CHANGES = 2  # the exit code of `plan -detailed-exitcode` when the plan is not empty
PLAN = "rehearsal.tfplan"


class TerraformError(Exception):
    """terraform failed. The message has the stack, the command and terraform's own message."""


@dataclass(frozen=True)
class Terraform:
    """terraform with an emulated AWS, and without the user's own configuration."""

    aws: EmulatedAws

    async def init(self, directory: WorkingDirectory, *options: str) -> None:
        await self._checked(directory, "init", "-input=false", *options)

    async def plan(self, directory: WorkingDirectory) -> Path:
        """Create a plan and return the path of its JSON; `apply_plan` applies exactly this plan."""
        await self._checked(directory, "plan", "-input=false", f"-out={PLAN}")
        shown = directory.folder / f"{PLAN}.json"
        shown.write_text(await self._checked(directory, "show", "-json", PLAN))
        return shown

    async def apply_plan(self, directory: WorkingDirectory) -> None:
        await self._checked(directory, "apply", "-input=false", PLAN)

    async def apply(self, directory: WorkingDirectory) -> None:
        await self._checked(directory, "apply", "-input=false", "-auto-approve")

    async def destroy(self, directory: WorkingDirectory) -> None:
        await self._checked(directory, "destroy", "-input=false", "-auto-approve")

    async def force_unlock(self, directory: WorkingDirectory, lock: str) -> None:
        await self._checked(directory, "force-unlock", "-force", lock)

    async def changes(self, directory: WorkingDirectory) -> str | None:
        """A plan as text, or None if it changes nothing."""
        code, output = await self._run(directory, "plan", "-input=false", "-detailed-exitcode")
        if code == CHANGES:
            return output
        if code != 0:
            raise TerraformError(_failure(directory, "plan", output))
        return None

    async def require_no_changes(self, directory: WorkingDirectory) -> None:
        """
        Raises:
            TerraformError: a second plan is not empty. The message has that plan.
        """
        if (changes := await self.changes(directory)) is not None:
            raise TerraformError(f"{directory.stack}: the second plan is not empty:\n{changes}")

    async def _checked(self, directory: WorkingDirectory, command: str, *options: str) -> str:
        code, output = await self._run(directory, command, *options)
        if code != 0:
            raise TerraformError(_failure(directory, command, output))
        return output

    async def _run(
        self, directory: WorkingDirectory, command: str, *options: str
    ) -> tuple[int, str]:
        return await run(
            *("terraform", command, "-no-color", *options),
            folder=directory.folder,
            # A provider that is killed leaves its socket there, so it must be a folder that is removed. Its
            # path is relative: that of a socket has 107 characters at most (unix(7)).
            environment=self.environment() | {"TMPDIR": ".."},
        )

    def environment(self) -> dict[str, str]:
        """The user's variables, except those of AWS and Terraform and the proxies."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            if name == terraform_settings.MIRROR_VARIABLE
            or not name.startswith(("AWS_", "TF_", "HTTP_PROXY", "HTTPS_PROXY"))
        }
        return {
            **GO_VARIABLES,
            **inherited,
            **self.aws.environment,
            **terraform_settings.variables(),
            "CHECKPOINT_DISABLE": "1",
            "TF_IN_AUTOMATION": "1",
        }


def _failure(directory: WorkingDirectory, command: str, output: str) -> str:
    message = error_message(output, folder=directory.folder)
    return f"{directory.stack}: terraform {command} failed:\n{message}"
