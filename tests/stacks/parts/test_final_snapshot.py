"""What a data store leaves behind has a name that no other has taken."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from environments.names import Stack
from tests.support import tools
from tests.support.terraform import Terraform

Stacks = dict[str, dict[Stack, Terraform]]
STORES = {
    Stack.DATABASE: "aws_db_instance",
    Stack.QUEUE: "aws_elasticache_replication_group",
}


def run(folder: Path, *command: str) -> str:
    return subprocess.run(
        command,
        cwd=folder,
        env=os.environ | {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


@pytest.mark.parametrize("stack", STORES)
def test_each_life_of_a_store_leaves_a_snapshot_of_its_own(
    terraform: Stacks, tmp_path: Path, stack: Stack
) -> None:
    """With the real Terraform: create, destroy, create again; replace the key."""
    program = tools.program("terraform", get_it="install Terraform 1.11 or newer")
    rendered = terraform["prod"][stack]
    name = rendered.only(STORES[stack])["final_snapshot_identifier"]

    def live(key: str) -> str:
        # The names are Terraform's own doing: neither needs AWS, so the key is a word here.
        life = rendered.only("terraform_data") | {"triggers_replace": {"key": key}}
        document = {
            "resource": {"terraform_data": {"life": life}},
            "output": {"name": {"value": name}},
        }
        (tmp_path / "main.tf.json").write_text(json.dumps(document))
        run(tmp_path, program, "apply", "-auto-approve", "-input=false")
        return run(tmp_path, program, "output", "-raw", "name")

    (tmp_path / "main.tf.json").write_text("{}")
    run(tmp_path, program, "init", "-input=false")
    first = live("one")
    assert live("one") == first, "a second apply must not rename it"
    run(tmp_path, program, "destroy", "-auto-approve", "-input=false")
    second = live("one")
    third = live("another")
    assert len({first, second, third}) == 3
    for snapshot in (first, second, third):
        assert re.fullmatch(r"[a-z](-?[a-z0-9])*", snapshot), "AWS refuses other names"


@pytest.mark.parametrize("stack", STORES)
def test_the_name_is_drawn_anew_with_the_key_that_replaces_the_store(
    terraform: Stacks, stack: Stack
) -> None:
    rendered = terraform["prod"][stack]
    life = rendered.only("terraform_data")
    assert set(life["triggers_replace"].values()) == {rendered.only(STORES[stack])["kms_key_id"]}
