"""What differs from production stands beside the synthesized file, and leads nowhere but here."""

import json
import re
from pathlib import Path

import pytest

from environments.dev import DEV
from environments.names import TERRAFORM_FILE, Stack
from evalctl.rehearsal.emulator import EmulatedAws, NotOnLoopbackError
from evalctl.rehearsal.workspace import OVERRIDE, Workspace, workspace

AWS = EmulatedAws("http://127.0.0.1:5000", DEV.account)


def overridden(rendered: Path, stack: Stack, tmp_path: Path, *, unprotected: bool) -> Workspace:
    made = workspace(rendered / "prod", stack, tmp_path)
    made.override(AWS, local_state=False, unprotected=unprotected)
    return made


@pytest.mark.parametrize("url", ["https://ec2.amazonaws.com", "http://10.0.0.1:5000"])
def test_an_address_that_is_not_on_this_machine_is_refused(url: str) -> None:
    with pytest.raises(NotOnLoopbackError, match=r"is not on this machine \(127\.0\.0\.1\)"):
        EmulatedAws(url, DEV.account)


@pytest.mark.parametrize("stack", list(Stack))
def test_the_synthesized_file_stays_as_it_was_rendered(
    rendered: Path, tmp_path: Path, stack: Stack
) -> None:
    made = overridden(rendered, stack, tmp_path, unprotected=True)
    source = rendered / "prod" / "terraform" / stack / TERRAFORM_FILE
    assert (made.folder / TERRAFORM_FILE).read_bytes() == source.read_bytes()


@pytest.mark.parametrize("stack", list(Stack))
def test_every_address_in_the_override_is_on_this_machine(
    rendered: Path, tmp_path: Path, stack: Stack
) -> None:
    made = overridden(rendered, stack, tmp_path, unprotected=False)
    text = (made.folder / OVERRIDE).read_text()
    assert set(re.findall(r"https?://[^\"/]+", text)) == {AWS.url}
    backend = json.loads(text)["terraform"]["backend"]["s3"]
    assert backend["use_lockfile"], "the rehearsal locks as production does"


def test_a_stack_needs_those_whose_states_it_reads(rendered: Path, tmp_path: Path) -> None:
    needs = {
        stack: workspace(rendered / "prod", stack, tmp_path).needs
        for stack in (Stack.NETWORK, Stack.DATABASE, Stack.BACKUP)
    }
    assert needs[Stack.NETWORK] == frozenset()
    assert {Stack.NETWORK, Stack.CLUSTER, Stack.SECRETS} <= needs[Stack.DATABASE]
    assert Stack.DATABASE in needs[Stack.BACKUP]


def test_guards_are_lifted_only_for_a_teardown(rendered: Path, tmp_path: Path) -> None:
    made = overridden(rendered, Stack.DATABASE, tmp_path, unprotected=False)
    assert "resource" not in json.loads((made.folder / OVERRIDE).read_text())
    made.override(AWS, local_state=False, unprotected=True)
    lifted = json.loads((made.folder / OVERRIDE).read_text())["resource"]
    assert lifted["aws_db_instance"]["instance"]["deletion_protection"] is False
