"""The override file points every address to this machine; the synthesized file stays unchanged."""

import json
import re
from pathlib import Path

import pytest

from environments.dev import DEV
from environments.names import TERRAFORM_FILE, Stack
from evalctl.rehearsal.emulator import EmulatedAws, NotOnLoopbackError
from evalctl.rehearsal.working_directory import OVERRIDE, WorkingDirectory, copy_stack

AWS = EmulatedAws("http://127.0.0.1:5000", DEV.account)


def overridden(
    rendered: Path, stack: Stack, tmp_path: Path, *, unprotected: bool
) -> WorkingDirectory:
    directory = copy_stack(rendered / "prod", stack, tmp_path)
    directory.override(AWS, local_state=False, unprotected=unprotected)
    return directory


@pytest.mark.parametrize("url", ["https://ec2.amazonaws.com", "http://10.0.0.1:5000"])
def test_an_address_that_is_not_on_this_machine_is_refused(url: str) -> None:
    with pytest.raises(NotOnLoopbackError, match=r"is not on this machine \(127\.0\.0\.1\)"):
        EmulatedAws(url, DEV.account)


@pytest.mark.parametrize("stack", list(Stack))
def test_the_synthesized_file_stays_as_it_was_rendered(
    rendered: Path, tmp_path: Path, stack: Stack
) -> None:
    directory = overridden(rendered, stack, tmp_path, unprotected=True)
    source = rendered / "prod" / "terraform" / stack / TERRAFORM_FILE
    assert (directory.folder / TERRAFORM_FILE).read_bytes() == source.read_bytes()


@pytest.mark.parametrize("stack", list(Stack))
def test_every_address_in_the_override_is_on_this_machine(
    rendered: Path, tmp_path: Path, stack: Stack
) -> None:
    directory = overridden(rendered, stack, tmp_path, unprotected=False)
    text = (directory.folder / OVERRIDE).read_text()
    assert set(re.findall(r"https?://[^\"/]+", text)) == {AWS.url}
    backend = json.loads(text)["terraform"]["backend"]["s3"]
    assert backend["use_lockfile"], "the rehearsal locks the state as production does"


def test_a_stack_depends_on_the_stacks_whose_states_it_reads(
    rendered: Path, tmp_path: Path
) -> None:
    dependencies = {
        stack: copy_stack(rendered / "prod", stack, tmp_path).dependencies
        for stack in (Stack.NETWORK, Stack.DATABASE, Stack.BACKUP)
    }
    assert dependencies[Stack.NETWORK] == frozenset()
    assert {Stack.NETWORK, Stack.CLUSTER, Stack.SECRETS} <= dependencies[Stack.DATABASE]
    assert Stack.DATABASE in dependencies[Stack.BACKUP]


def test_deletion_protection_is_lifted_only_for_a_teardown(rendered: Path, tmp_path: Path) -> None:
    directory = overridden(rendered, Stack.DATABASE, tmp_path, unprotected=False)
    assert "resource" not in json.loads((directory.folder / OVERRIDE).read_text())
    directory.override(AWS, local_state=False, unprotected=True)
    resources = json.loads((directory.folder / OVERRIDE).read_text())["resource"]
    assert resources["aws_db_instance"]["instance"]["deletion_protection"] is False
