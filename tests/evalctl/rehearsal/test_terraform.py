"""terraform in a working directory of the rehearsal."""

import asyncio
from pathlib import Path

import pytest

from environments.dev import DEV
from environments.names import Stack
from evalctl.rehearsal.emulator import emulated_aws
from evalctl.rehearsal.terraform import Terraform
from evalctl.rehearsal.working_directory import copy_stack
from tests.evalctl.rehearsal.accounts import require_terraform


@pytest.mark.rehearsal
def test_the_provider_starts_in_a_folder_whose_path_is_too_long_for_a_socket(
    rendered: Path, tmp_path: Path
) -> None:
    require_terraform()
    folder = tmp_path / ("long" * 30)
    folder.mkdir()
    directory = copy_stack(rendered / DEV.name, Stack.STATE, folder)

    async def plan() -> Path:
        with emulated_aws(DEV.account, tmp_path / "emulator.log") as aws:
            directory.override(aws, local_state=True)
            terraform = Terraform(aws)
            await terraform.init(directory)
            return await terraform.plan(directory)

    assert "aws_s3_bucket" in asyncio.run(plan()).read_text()
    assert [path.name for path in folder.iterdir()] == [Stack.STATE]
