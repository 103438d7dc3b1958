"""After the move to CDK Terrain a state stays as it is, and a plan has no change."""

import json
from pathlib import Path

import pytest

from environments.dev import DEV
from environments.names import TERRAFORM_FILE, Stack
from evalctl.rehearsal.emulated_environment import emulated_environment
from tests.evalctl.rehearsal.accounts import opened, print_progress, require_terraform
from tests.evalctl.way_out.stacks import as_the_fork_renders

PROVIDER = 'provider["registry.terraform.io/hashicorp/aws"]'


@pytest.mark.rehearsal
@pytest.mark.parametrize("stack", [Stack.REGISTRY, Stack.BUDGET])
def test_a_deployed_stack_plans_no_change_as_the_fork_renders_it(
    rendered: Path, stack: Stack
) -> None:
    require_terraform()
    with opened(emulated_environment(DEV, rendered=rendered, progress=print_progress)) as (
        stage,
        loop,
    ):
        directory = stage.directories[stack]
        directory.override(stage.aws, local_state=True)
        loop(stage.terraform.init(directory))
        loop(stage.terraform.apply(directory))
        state = directory.folder / "terraform.tfstate"
        before = state.read_bytes()

        theirs = json.dumps(as_the_fork_renders(directory.synthesized))
        (directory.folder / TERRAFORM_FILE).write_text(theirs)
        loop(stage.terraform.init(directory, "-lockfile=readonly"))
        loop(stage.terraform.require_no_changes(directory))
        assert state.read_bytes() == before
        assert {each["provider"] for each in json.loads(before)["resources"]} == {PROVIDER}
