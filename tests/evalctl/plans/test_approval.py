"""What was approved is what is applied: by cdktf's own command line, and by the module on its own."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from environments.dev import DEV
from environments.names import Stack
from evalctl.plans.approval import APPROVED, NotApprovedError, apply
from evalctl.plans.plan_file import read
from evalctl.rehearsal.emulated_environment import EmulatedEnvironment
from evalctl.rehearsal.working_directory import WorkingDirectory, copy_stack
from tests.evalctl.plans.fake_terraform import Terraform, change, plan
from tests.evalctl.rehearsal.accounts import Loop, opened, print_progress, require_cdktf
from tests.evalctl.rehearsal.cdktf import Cdktf, CdktfError, cdktf_environment
from tests.support.checkout import check_out
from tests.support.paths import ROOT

SCRIPT = ROOT / ".github" / "scripts" / "terraform-approved"
REGISTRY = f"{DEV.name}-{Stack.REGISTRY}"
CREATED = plan(change("aws_sns_topic.news", "create", after={"name": "news"}))


@dataclass(frozen=True)
class Deploy(Cdktf):
    """cdktf as the workflow `deploy` starts it."""

    approved: dict[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        return super().environment() | {
            "TERRAFORM_BINARY_NAME": str(SCRIPT),
            "PYTHONPATH": str(ROOT),
            APPROVED: json.dumps(self.approved),
        }


@dataclass(frozen=True)
class Account:
    """An emulated account, and cdktf's folders for it; the registry keeps its state beside itself."""

    stage: EmulatedEnvironment
    cdktf: Deploy
    loop: Loop

    def digest(self, shown: WorkingDirectory) -> str | None:
        shown.override(self.stage.aws, local_state=True)
        self.loop(self.stage.terraform.init(shown))
        return read(self.loop(self.stage.terraform.plan(shown))).digest

    def deploy(self, digest: str | None) -> None:
        approved = {} if digest is None else {REGISTRY: digest}
        self.loop(replace(self.cdktf, approved=approved).deploy(REGISTRY))

    def repositories(self) -> int:
        return len(self.stage.aws.client("ecr").describe_repositories()["repositories"])


@pytest.fixture
def account(rendered: Path, tmp_path: Path) -> Iterator[Account]:
    require_cdktf()
    project = check_out(tmp_path / "checkout", rendered)
    with opened(cdktf_environment(DEV, project=project, progress=print_progress)) as (
        (stage, cdktf),
        loop,
    ):
        stage.directories[Stack.REGISTRY].override(stage.aws, local_state=True)
        yield Account(stage, Deploy(project, cdktf.terraform), loop)


@pytest.mark.rehearsal
def test_cdktf_applies_the_approved_plan_and_no_other(
    account: Account, rendered: Path, tmp_path: Path
) -> None:
    # What people are shown is planned from rendered/, by terraform alone.
    approved = account.digest(copy_stack(rendered / DEV.name, Stack.REGISTRY, tmp_path))
    assert approved is not None
    with pytest.raises(CdktfError, match="nothing was approved"):
        account.deploy(None)
    assert account.repositories() == 0

    account.deploy(approved)
    assert account.repositories() == 4
    assert account.digest(account.stage.directories[Stack.REGISTRY]) is None
    # It is done now, and an approval is of doing it once.
    with pytest.raises(CdktfError, match="not to be done any more"):
        account.deploy(approved)


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    folder = tmp_path / REGISTRY
    folder.mkdir()
    return folder


def approve(monkeypatch: pytest.MonkeyPatch, digest: str | None) -> None:
    monkeypatch.setenv(APPROVED, json.dumps({} if digest is None else {REGISTRY: digest}))


def test_the_very_plan_that_was_compared_is_applied(
    terraform_says: Terraform, stack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    approve(monkeypatch, terraform_says.plans(CREATED))
    apply(["-auto-approve", "-no-color", "-parallelism=3"], folder=stack)
    assert terraform_says.called() == [
        "plan -input=false -out=approved.tfplan -no-color -parallelism=3",
        "show -json approved.tfplan",
        "apply -input=false -no-color -parallelism=3 approved.tfplan",
    ]
    assert list(stack.iterdir()) == []


def test_a_plan_that_turned_into_another_is_refused_with_what_to_do(
    terraform_says: Terraform, stack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    approve(monkeypatch, terraform_says.plans(CREATED))
    terraform_says.plans(plan(change("aws_sns_topic.news", "create", after={"name": "old"})))
    with pytest.raises(NotApprovedError, match="run the workflow `deploy` again"):
        apply(["-auto-approve"], folder=stack)
    assert not [call for call in terraform_says.called() if call.startswith("apply")]


def test_a_stack_without_an_approval_may_have_nothing_to_change(
    terraform_says: Terraform, stack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    approve(monkeypatch, None)
    terraform_says.plans(plan())
    apply(["-auto-approve"], folder=stack)
    assert not [call for call in terraform_says.called() if call.startswith("apply")]
    terraform_says.plans(CREATED)
    with pytest.raises(NotApprovedError, match="nothing was approved"):
        apply(["-auto-approve"], folder=stack)


@pytest.mark.parametrize("option", ["-destroy", "-target=aws_sns_topic.news", "-refresh=false"])
def test_options_that_would_make_another_plan_are_refused(
    terraform_says: Terraform, stack: Path, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    approve(monkeypatch, terraform_says.plans(CREATED))
    with pytest.raises(NotApprovedError, match="is not a deploy"):
        apply(["-auto-approve", option], folder=stack)
    assert terraform_says.called() == []


@pytest.mark.parametrize("value", [None, "", "[]", "null"])
def test_an_approval_that_is_lost_on_the_way_approves_nothing(
    terraform_says: Terraform, stack: Path, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    os.environ.pop(APPROVED, None)
    if value is not None:
        monkeypatch.setenv(APPROVED, value)
    terraform_says.plans(plan())
    with pytest.raises(NotApprovedError, match="holds no approval"):
        apply(["-auto-approve"], folder=stack)
