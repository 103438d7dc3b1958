"""Only an approved plan is applied: by cdktf's command line, and by the module alone."""

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
    """An emulated account, and cdktf's folders for it; the registry's state is a local file."""

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
    # People see a plan that terraform alone made from rendered/.
    approved = account.digest(copy_stack(rendered / DEV.name, Stack.REGISTRY, tmp_path))
    assert approved is not None
    with pytest.raises(CdktfError, match="no plan was approved"):
        account.deploy(None)
    assert account.repositories() == 0

    account.deploy(approved)
    assert account.repositories() == 4
    assert account.digest(account.stage.directories[Stack.REGISTRY]) is None


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    folder = tmp_path / REGISTRY
    folder.mkdir()
    return folder


def approve(monkeypatch: pytest.MonkeyPatch, digest: str | None) -> None:
    monkeypatch.setenv(APPROVED, json.dumps({} if digest is None else {REGISTRY: digest}))


def test_the_plan_that_was_compared_is_the_one_that_is_applied(
    fake_terraform: Terraform, stack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    approve(monkeypatch, fake_terraform.plans(CREATED))
    apply(["-auto-approve", "-no-color", "-parallelism=3"], folder=stack)
    assert fake_terraform.called() == [
        "plan -input=false -out=approved.tfplan -no-color -parallelism=3",
        "show -json approved.tfplan",
        "apply -input=false -no-color -parallelism=3 approved.tfplan",
    ]
    assert list(stack.iterdir()) == []


def test_another_plan_than_the_approved_one_is_refused_with_what_to_do(
    fake_terraform: Terraform, stack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    approve(monkeypatch, fake_terraform.plans(CREATED))
    fake_terraform.plans(plan(change("aws_sns_topic.news", "create", after={"name": "old"})))
    with pytest.raises(NotApprovedError, match="run the workflow `deploy` again"):
        apply(["-auto-approve"], folder=stack)
    assert not [call for call in fake_terraform.called() if call.startswith("apply")]


def test_a_stack_without_an_approval_passes_only_without_changes(
    fake_terraform: Terraform, stack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    approve(monkeypatch, None)
    fake_terraform.plans(plan())
    apply(["-auto-approve"], folder=stack)
    assert not [call for call in fake_terraform.called() if call.startswith("apply")]
    fake_terraform.plans(CREATED)
    with pytest.raises(NotApprovedError, match="no plan was approved"):
        apply(["-auto-approve"], folder=stack)


def test_an_approval_is_valid_only_once(
    fake_terraform: Terraform, stack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    approve(monkeypatch, fake_terraform.plans(CREATED))
    fake_terraform.plans(plan())  # the changes are made
    with pytest.raises(NotApprovedError, match="not needed any more"):
        apply(["-auto-approve"], folder=stack)
    assert not [call for call in fake_terraform.called() if call.startswith("apply")]


@pytest.mark.parametrize("option", ["-destroy", "-target=aws_sns_topic.news", "-refresh=false"])
def test_options_that_would_change_the_plan_are_refused(
    fake_terraform: Terraform, stack: Path, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    approve(monkeypatch, fake_terraform.plans(CREATED))
    with pytest.raises(NotApprovedError, match="not options of a deploy"):
        apply(["-auto-approve", option], folder=stack)
    assert fake_terraform.called() == []


@pytest.mark.parametrize("value", [None, "", "[]", "null"])
def test_a_missing_or_broken_approval_approves_nothing(
    fake_terraform: Terraform, stack: Path, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    os.environ.pop(APPROVED, None)
    if value is not None:
        monkeypatch.setenv(APPROVED, value)
    fake_terraform.plans(plan())
    with pytest.raises(NotApprovedError, match="holds no approval"):
        apply(["-auto-approve"], folder=stack)
