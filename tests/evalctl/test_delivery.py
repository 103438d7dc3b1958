"""The commands that workflows run, on a copy of this repository that the test may change."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from environments.dev import DEV
from environments.names import Stack
from environments.registry import ENVIRONMENTS
from environments.spec import Environment
from evalctl.rendering import changed
from tests.evalctl.conftest import FREE_CIDR, KNOWN, copy_sources, edit, invoked
from tests.evalctl.plans.fake_terraform import Terraform, change, plan
from tests.support.paths import ROOT

CREATED = plan(change("aws_kms_key.key", "create", after={"description": "new"}))
LOST = plan(change("aws_kms_key.key", "delete", before={"description": "old"}))


@pytest.fixture(scope="module", autouse=True)
def _no_other_repository() -> Iterator[None]:
    """A git hook that runs the tests names the real repository in such variables."""
    with pytest.MonkeyPatch.context() as patched:
        for name in list(os.environ):
            if name.startswith("GIT_"):
                patched.delenv(name)
        yield


def git(checkout: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.com"]
    subprocess.run(["git", *identity, *arguments], cwd=checkout, check=True, capture_output=True)


@pytest.fixture(scope="module")
def merged(tmp_path_factory: pytest.TempPathFactory, rendered: Path) -> Path:
    """A pull request as GitHub checks it out: its merge, whose first parent is the base branch."""
    checkout = copy_sources(tmp_path_factory.mktemp("merged"))
    shutil.copytree(rendered, checkout / "rendered")
    git(checkout, "init", "--initial-branch=main")
    git(checkout, "add", "--all")
    git(checkout, "commit", "--message=base")
    git(checkout, "switch", "--create=change")
    edit(checkout / "rendered/dev/terraform/queue/cdk.tf.json", "valkey", "redis")
    network = checkout / "rendered/dev/terraform/network/cdk.tf.json"
    edit(network, DEV.network.vpc_cidr, FREE_CIDR)
    edit(checkout / "rendered/prod/k8s/worker/Deployment-worker.yaml", "worker", "labourer")
    git(checkout, "commit", "--all", "--message=change")
    git(checkout, "switch", "main")
    (checkout / "rendered/prod/terraform/network/cdk.tf.json").write_text("{}")
    git(checkout, "commit", "--all", "--message=meanwhile")
    git(checkout, "merge", "--no-ff", "change")
    return checkout


def test_only_stacks_that_the_pull_request_changes_are_planned_in_order(merged: Path) -> None:
    result = invoked(merged, "changed-stacks", "--base", "HEAD^1")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout) == [{"env": "dev", "stacks": "network queue"}]


def test_a_pull_request_without_terraform_plans_nothing(merged: Path) -> None:
    assert json.loads(invoked(merged, "changed-stacks", "--base", "HEAD").stdout) == []


@pytest.mark.usefixtures("activated")
@pytest.mark.parametrize("command", ["changed-stacks", "rendered-diff", "charts-diff"])
def test_a_comparison_that_git_cannot_make_fails(merged: Path, command: str) -> None:
    result = invoked(merged, command, "--base", "nowhere")
    assert result.returncode == 1
    assert "cannot compare with 'nowhere'" in result.stderr
    assert "--base origin/main; `git fetch origin` brings what is missing" in result.stderr
    assert result.stdout == ""


def test_what_argo_cd_syncs_is_shown_file_by_file(merged: Path) -> None:
    text = invoked(merged, "rendered-diff", "--base", "HEAD^1").stdout
    assert text.startswith("### Kubernetes: 1 files")
    assert "<summary>rendered/prod/k8s/worker/Deployment-worker.yaml</summary>" in text
    assert "+  name: labourer" in text
    assert "terraform" not in text


def test_a_long_diff_leaves_out_whole_files_and_counts_them(merged: Path) -> None:
    text = changed.manifests(merged, base="HEAD^1", limit=300)
    assert "Left out for their length: 1" in text
    assert "<details>" not in text


@pytest.mark.parametrize("env", ENVIRONMENTS, ids=lambda env: env.name)
@pytest.mark.parametrize("role", ["plan", "inspect", "deploy"])
def test_names_prints_the_roles_that_the_delivery_stack_creates(
    merged: Path, rendered: Path, env: Environment, role: str
) -> None:
    values = dict(
        line.split("=", 1) for line in invoked(merged, "names", env.name).stdout.splitlines()
    )
    stack = json.loads((rendered / env.name / "terraform/delivery/cdk.tf.json").read_text())
    name = stack["resource"]["aws_iam_role"][f"{role}-role"]["name"]
    assert values[f"{role}-role"] == f"arn:aws:iam::{env.account.id}:role/{name}"
    assert values["region"] == env.account.region
    deployed = {stack.removeprefix(f"{env.name}-") for stack in values["stacks"].split()}
    assert set(Stack) - deployed == {Stack.STATE, Stack.DELIVERY}


def test_a_plan_is_written_for_people_and_for_the_workflow(
    merged: Path, tmp_path: Path, fake_terraform: Terraform
) -> None:
    digest = fake_terraform.plans(CREATED)
    out = tmp_path / "out"
    result = invoked(
        merged, *("plan", "dev", "network", "delivery", "--no-refresh", "--out", str(out))
    )
    assert result.returncode == 0, result.stderr
    assert json.loads((out / "result.json").read_text()) == {
        "failed": [],
        "changed": ["network", "delivery"],
        "approved": {"dev-network": digest},
    }
    assert result.stdout == (out / "summary.md").read_text()
    assert "+ aws_kms_key.key" in result.stdout
    assert (
        "plan -no-color -input=false -lock=false -refresh=false -out=tfplan"
        in fake_terraform.called()
    )
    assert not list((merged / "rendered").rglob("tfplan"))


def test_a_plan_refreshes_by_default(
    merged: Path, tmp_path: Path, fake_terraform: Terraform
) -> None:
    fake_terraform.plans(plan())
    invoked(merged, "plan", "prod", "--out", str(tmp_path / "out"))
    plans = [call for call in fake_terraform.called() if call.startswith("plan")]
    assert len(plans) == len(Stack)
    assert all("-refresh=true" in call for call in plans)
    assert json.loads((tmp_path / "out" / "result.json").read_text())["approved"] == {}


def test_a_plan_that_fails_is_in_the_summary_and_fails_the_command(
    merged: Path, tmp_path: Path, fake_terraform: Terraform
) -> None:
    fake_terraform.fails()
    result = invoked(merged, "plan", "dev", "network", "--out", str(tmp_path / "out"))
    assert result.returncode == 1
    assert "Error: no credentials" in (tmp_path / "out" / "summary.md").read_text()
    assert json.loads((tmp_path / "out" / "result.json").read_text())["failed"] == ["network"]


def test_a_loss_is_allowed_in_one_stack_by_name(
    merged: Path, tmp_path: Path, fake_terraform: Terraform
) -> None:
    fake_terraform.plans(LOST)
    invoked(merged, "plan", "prod", "network", "queue", "--out", str(tmp_path / "out"))
    plans = [str(tmp_path / "out" / "plans" / f"{stack}.json") for stack in ("network", "queue")]
    guard = ("plan-guard", *plans, "--env", "prod")
    both = invoked(merged, *guard, "--allow=network:aws_kms_key.key")
    assert both.returncode == 1
    assert "queue:aws_kms_key.key: would destroy" in both.stderr
    assert "network:aws_kms_key.key" not in both.stderr
    allowed = ("--allow=network:aws_kms_key.key", "--allow=queue:aws_kms_key.key")
    assert invoked(merged, *guard, *allowed).returncode == 0
    assert invoked(merged, *guard, *allowed, "--allow=storage:aws_s3_bucket.x").returncode == 1


def test_a_key_is_reported_and_not_shown(copied: Path) -> None:
    git(copied, "init")
    shutil.copy(ROOT / ".gitignore", copied)
    clean = invoked(copied, "secret-scan")
    assert clean.returncode == 0, clean.stderr
    key = "AKI" + "A" + 16 * "Z"
    (copied / "k8s" / "notes.txt").write_text(key)
    for arguments in ((), ("k8s/notes.txt",)):
        found = invoked(copied, "secret-scan", *arguments)
        assert found.returncode == 1
        assert "k8s/notes.txt:1: AWS" in found.stderr
        assert key not in found.stdout + found.stderr


@pytest.mark.parametrize("command", [("names",), ("plan", "--out", "out")])
def test_an_unknown_environment_is_refused(merged: Path, command: tuple[str, ...]) -> None:
    name, *options = command
    result = invoked(merged, name, "nowhere", *options)
    assert result.returncode == 1
    assert f"There is no environment 'nowhere'. Known: {KNOWN}" in result.stderr
