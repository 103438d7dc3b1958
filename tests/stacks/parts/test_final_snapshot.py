"""The final snapshot of a data store has a name that no other snapshot has."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from environments.names import Stack
from tests.support import tools
from tests.support.terraform import Stacks

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
def test_each_created_store_has_another_final_snapshot_name(
    terraform: Stacks, tmp_path: Path, stack: Stack
) -> None:
    """With the real Terraform: create, destroy, create again; replace the key."""
    program = tools.program("terraform", get_it="install Terraform 1.11 or newer")
    rendered = terraform["prod"][stack]
    name = rendered.only(STORES[stack])["final_snapshot_identifier"]

    def apply(key: str) -> str:
        # Terraform makes the name without AWS, so any text can be the key's ARN here.
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
    first = apply("one")
    assert apply("one") == first, "a second apply must not rename it"
    run(tmp_path, program, "destroy", "-auto-approve", "-input=false")
    second = apply("one")
    third = apply("another")
    assert len({first, second, third}) == 3
    for snapshot in (first, second, third):
        assert re.fullmatch(r"[a-z](-?[a-z0-9])*", snapshot), "AWS refuses other names"


@pytest.mark.parametrize("stack", STORES)
def test_a_new_key_which_replaces_the_store_changes_the_snapshots_name(
    terraform: Stacks, stack: Stack
) -> None:
    rendered = terraform["prod"][stack]
    life = rendered.only("terraform_data")
    assert set(life["triggers_replace"].values()) == {rendered.only(STORES[stack])["kms_key_id"]}
