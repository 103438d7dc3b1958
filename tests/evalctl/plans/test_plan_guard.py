"""The plan guard, with plans that the real terraform made in an emulated AWS."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from environments.dev import DEV
from environments.names import LOCK_FILE, PROVIDER_LOCK
from evalctl.main import app
from evalctl.plans.plan_file import Action, NotAPlanError
from evalctl.plans.plan_guard import refusals
from evalctl.rehearsal.emulator import EmulatedAws, emulated_aws
from evalctl.rehearsal.terraform import Terraform
from stacks.base import PROVIDER_VERSION
from tests.support import tools
from tests.support.paths import ROOT

SETTINGS = {
    "terraform": {
        "required_providers": {"aws": {"source": "hashicorp/aws", "version": PROVIDER_VERSION}}
    },
    "provider": {"aws": {"s3_use_path_style": True, "skip_credentials_validation": True}},
}


DATA = {
    "aws_s3_bucket.data",
    "aws_kms_key.data",
    "aws_ebs_volume.data-volume-1",
    "aws_ebs_volume.data-volume-2",
}


def stack(
    *, bucket: str = "data-one", description: str = "for data", volumes: tuple[int, ...] = (1, 2)
) -> dict[str, object]:
    return SETTINGS | {
        "resource": {
            "aws_ebs_volume": {
                f"data-volume-{index}": {
                    "availability_zone": DEV.network.zones[0],
                    "size": 10,
                }
                for index in volumes
            },
            "aws_s3_bucket": {"data": {"bucket": bucket}},
            "aws_kms_key": {"data": {"description": description}},
            "aws_sns_topic": {"news": {"name": f"news-of-{bucket}"}},
        }
    }


Test = Callable[..., None]


def on_real_plans(test: Test) -> Test:
    """The plans take a minute, so one worker makes them for all tests."""
    marked: Test = pytest.mark.rehearsal(pytest.mark.xdist_group("real plans")(test))
    return marked


@pytest.fixture(scope="module")
def plans(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What changes → the plan's JSON, made in an account that holds the first stack."""
    tools.program("terraform", get_it="install Terraform 1.11 or newer")
    tools.folder("TF_PROVIDER_MIRROR", holding=f"hashicorp/aws {PROVIDER_VERSION}")
    folder = tmp_path_factory.mktemp("guard")

    with emulated_aws(DEV.account, folder / "emulator.log") as aws:
        return make_plans(folder, aws)


def make_plans(folder: Path, aws: EmulatedAws) -> dict[str, Path]:
    environment = Terraform(aws).environment()

    def terraform(*arguments: str) -> str:
        return subprocess.run(
            ["terraform", *arguments],
            cwd=folder,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    def plan(name: str, content: dict[str, object], *options: str) -> Path:
        (folder / "main.tf.json").write_text(json.dumps(content))
        terraform("plan", "-input=false", f"-out={name}", *options)
        shown = folder / f"{name}.json"
        shown.write_text(terraform("show", "-json", name))
        return shown

    (folder / "main.tf.json").write_text(json.dumps(stack()))
    shutil.copy(ROOT / PROVIDER_LOCK, folder / LOCK_FILE)
    terraform("init", "-input=false")
    made = {"create": plan("create", stack())}
    terraform("apply", "-input=false", "-auto-approve")
    made |= {
        "nothing": plan("nothing", stack()),
        "update": plan("update", stack(description="for the same data")),
        "replace": plan("replace", stack(bucket="data-two")),
        "destroy": plan("destroy", stack(), "-destroy"),
        "grow": plan("grow", stack(volumes=(1, 2, 3, 4))),
    }
    state = folder / "state.json"
    state.write_text(terraform("show", "-json"))
    return made | {"state": state}


@on_real_plans
@pytest.mark.parametrize("harmless", ["create", "nothing", "update"])
def test_a_plan_that_destroys_nothing_passes(plans: dict[str, Path], harmless: str) -> None:
    assert refusals(plans[harmless]) == []


@on_real_plans
def test_a_replaced_bucket_is_refused_with_the_option_that_allows_it(
    plans: dict[str, Path],
) -> None:
    (refusal,) = refusals(plans["replace"])
    assert str(refusal) == (
        "aws_s3_bucket.data: would replace a bucket; to allow it: --allow aws_s3_bucket.data"
    )


@on_real_plans
def test_a_destroy_is_refused_for_each_resource_that_holds_data(plans: dict[str, Path]) -> None:
    refused = refusals(plans["destroy"])
    assert {refusal.address for refusal in refused} == DATA
    assert {refusal.action for refusal in refused} == {Action.DELETE}


@on_real_plans
def test_only_the_named_resource_is_allowed(plans: dict[str, Path]) -> None:
    refused = refusals(plans["destroy"], allowed=["aws_s3_bucket.data"])
    assert {refusal.address for refusal in refused} == DATA - {"aws_s3_bucket.data"}


@on_real_plans
def test_an_empty_volume_beside_others_is_refused_unless_it_is_named(
    plans: dict[str, Path],
) -> None:
    third, fourth = refusals(plans["grow"])
    assert str(third) == (
        "aws_ebs_volume.data-volume-3: would add a data volume for a ClickHouse node beside others; "
        "follow the steps in docs/clickhouse.md; to allow it: --allow aws_ebs_volume.data-volume-3"
    )
    assert refusals(plans["grow"], allowed=[third.name]) == [fourth]
    assert refusals(plans["grow"], allowed=[third.name, fourth.name]) == []


@on_real_plans
def test_an_option_that_allows_nothing_in_the_plan_is_refused(plans: dict[str, Path]) -> None:
    with pytest.raises(NotAPlanError, match="does not destroy, replace or add it"):
        refusals(plans["update"], allowed=["aws_s3_bucket.data"])


@on_real_plans
def test_a_state_is_not_a_plan(plans: dict[str, Path]) -> None:
    with pytest.raises(NotAPlanError, match="is a state, not a plan"):
        refusals(plans["state"])


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format_version": "9.0"}', "\udcff"])
def test_other_files_are_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "plan.json"
    file.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(NotAPlanError):
        refusals(file)
    with pytest.raises(NotAPlanError):
        refusals(tmp_path / "absent.json")


@on_real_plans
@pytest.mark.parametrize(("env", "exit_code"), [("prod", 1), ("dev", 0)])
def test_the_command_guards_environments_that_protect_their_data(
    plans: dict[str, Path], env: str, exit_code: int
) -> None:
    result = CliRunner().invoke(app, ["plan-guard", str(plans["replace"]), "--env", env])
    assert result.exit_code == exit_code, result.output
    assert "aws_s3_bucket.data: would replace a bucket" in result.output.replace("\n", " ")


@on_real_plans
@pytest.mark.parametrize("env", ["prod", "dev"])
def test_the_command_guards_nodes_in_every_environment(plans: dict[str, Path], env: str) -> None:
    command = ["plan-guard", str(plans["grow"]), "--env", env]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 1, result.output
    allowed = [f"--allow=aws_ebs_volume.data-volume-{index}" for index in (3, 4)]
    assert CliRunner().invoke(app, [*command, *allowed]).exit_code == 0
