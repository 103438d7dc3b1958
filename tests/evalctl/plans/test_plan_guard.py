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
from evalctl.plans.plan_guard import environment_of, refusals
from evalctl.rehearsal.emulator import EmulatedAws, emulated_aws
from evalctl.rehearsal.terraform import Terraform
from stacks.base import PROVIDER_VERSION
from tests.evalctl.plans.fake_terraform import Document, change, plan
from tests.support import tools
from tests.support.paths import ROOT

SETTINGS = {
    "terraform": {
        "required_providers": {"aws": {"source": "hashicorp/aws", "version": PROVIDER_VERSION}}
    },
    "provider": {
        "aws": {
            "s3_use_path_style": True,
            "skip_credentials_validation": True,
            "default_tags": [{"tags": {"Environment": "prod"}}],
        }
    },
}


DATA = {
    "aws_cloudwatch_log_group.audit",
    "aws_s3_bucket.data",
    "aws_kms_key.data",
    "aws_ebs_volume.data-volume-1",
    "aws_ebs_volume.data-volume-2",
}


def stack(
    *,
    bucket: str = "data-one",
    description: str = "for data",
    volumes: tuple[int, ...] = (1, 2),
    days: int = 365,
    protected: bool = True,
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
            "aws_cloudwatch_log_group": {"audit": {"name": "audit", "retention_in_days": days}},
            "aws_dynamodb_table": {
                "jobs": {
                    "name": "jobs",
                    "billing_mode": "PAY_PER_REQUEST",
                    "hash_key": "id",
                    "attribute": [{"name": "id", "type": "S"}],
                    "deletion_protection_enabled": protected,
                }
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
        "update": plan("update", stack(description="for the same data", days=731)),
        "replace": plan("replace", stack(bucket="data-two")),
        "destroy": plan("destroy", stack(), "-destroy"),
        "grow": plan("grow", stack(volumes=(1, 2, 3, 4))),
        "weaken": plan("weaken", stack(days=30, protected=False)),
    }
    state = folder / "state.json"
    state.write_text(terraform("show", "-json"))
    return made | {"state": state}


@on_real_plans
@pytest.mark.parametrize("harmless", ["create", "nothing", "update"])
def test_a_plan_that_destroys_and_weakens_nothing_passes(
    plans: dict[str, Path], harmless: str
) -> None:
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
    with pytest.raises(NotAPlanError, match="does not destroy, replace, weaken or add it"):
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
def test_less_protection_and_a_shorter_log_are_refused_with_both_values(
    plans: dict[str, Path],
) -> None:
    shorter, unprotected = sorted(map(str, refusals(plans["weaken"])))
    assert shorter == (
        "aws_cloudwatch_log_group.audit: would weaken a log group (retention_in_days: 365 → 30); "
        "to allow it: --allow aws_cloudwatch_log_group.audit"
    )
    assert "(deletion_protection_enabled: true → false)" in unprotected
    allowed = ["aws_cloudwatch_log_group.audit", "aws_dynamodb_table.jobs"]
    assert refusals(plans["weaken"], allowed=allowed) == []


RULES = {
    "expiration": [{"days": 365}],
    "noncurrent_version_expiration": [{"noncurrent_days": 90}],
}
EXPORTS = [{"log_type": "slow-log"}, {"log_type": "engine-log"}]


@pytest.mark.parametrize(
    ("type_", "before", "after"),
    [
        ("aws_db_instance", {"deletion_protection": True}, {"deletion_protection": False}),
        ("aws_db_instance", {"deletion_protection": True}, {"deletion_protection": None}),
        ("aws_db_instance", {"skip_final_snapshot": False}, {"skip_final_snapshot": True}),
        (
            "aws_db_instance",
            {"delete_automated_backups": False},
            {"delete_automated_backups": True},
        ),
        ("aws_db_instance", {"backup_retention_period": 35}, {"backup_retention_period": 0}),
        (
            "aws_db_instance",
            {"enabled_cloudwatch_logs_exports": ["postgresql", "upgrade"]},
            {"enabled_cloudwatch_logs_exports": ["upgrade"]},
        ),
        ("aws_cloudwatch_log_group", {"retention_in_days": 0}, {"retention_in_days": 365}),
        ("aws_ecr_repository", {"force_delete": None}, {"force_delete": True}),
        (
            "aws_eks_cluster",
            {"enabled_cluster_log_types": ["api", "audit"]},
            {"enabled_cluster_log_types": ["api"]},
        ),
        ("aws_eks_cluster", {"enabled_cluster_log_types": ["audit"]}, {}),
        (
            "aws_elasticache_replication_group",
            {"log_delivery_configuration": EXPORTS},
            {"log_delivery_configuration": EXPORTS[:1]},
        ),
        (
            "aws_elasticache_replication_group",
            {"snapshot_retention_limit": 7},
            {"snapshot_retention_limit": 1},
        ),
        ("aws_flow_log", {"traffic_type": "ALL"}, {"traffic_type": "REJECT"}),
        ("aws_s3_bucket", {"force_destroy": False}, {"force_destroy": True}),
        (
            "aws_s3_bucket_versioning",
            {"versioning_configuration": [{"status": "Enabled"}]},
            {"versioning_configuration": [{"status": "Suspended"}]},
        ),
        (
            "aws_s3_bucket_lifecycle_configuration",
            {"rule": [{"id": "tidy", **RULES}]},
            {"rule": [{"id": "tidy", **RULES, "expiration": [{"days": 30}]}]},
        ),
        (
            "aws_s3_bucket_lifecycle_configuration",
            {"rule": [{"id": "tidy", **RULES}]},
            {"rule": [{"id": "first", **RULES}, {"id": "tidy", **RULES}]},
        ),
        (
            "aws_backup_plan",
            {"rule": [{"rule_name": "daily", "lifecycle": [{"delete_after": 35}]}]},
            {"rule": [{"rule_name": "daily", "lifecycle": [{"delete_after": 7}]}]},
        ),
    ],
)
def test_every_way_to_weaken_is_refused_and_its_opposite_is_not(
    tmp_path: Path, type_: str, before: Document, after: Document
) -> None:
    file = tmp_path / "plan.json"

    def refused(before: Document, after: Document) -> list[str]:
        document = plan(change(f"{type_}.it", "update", before=before, after=after))
        file.write_text(json.dumps(document))
        return [str(refusal) for refusal in refusals(file)]

    (weaker,) = refused(before, after)
    assert weaker.startswith(f"{type_}.it: would weaken")
    assert refused(after, before) == []
    assert refused(before, before | {"tags": {"new": "tag"}}) == []


@pytest.mark.parametrize(
    "type_", ["aws_cloudwatch_log_group", "aws_flow_log", "aws_s3_bucket_logging"]
)
def test_a_deleted_log_is_refused(tmp_path: Path, type_: str) -> None:
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(plan(change(f"{type_}.it", "delete", before={}))))
    (refusal,) = refusals(file)
    assert str(refusal).startswith(f"{type_}.it: would destroy")


@on_real_plans
def test_the_environment_is_read_from_the_plan(plans: dict[str, Path], tmp_path: Path) -> None:
    for name in ("create", "nothing", "destroy"):
        assert environment_of([plans[name]]) == "prod"
    with pytest.raises(NotAPlanError, match=r"several environments.*dev: .*prod: "):
        environment_of([plans["update"], of_dev(plans["update"], tmp_path)])


@on_real_plans
def test_a_plan_of_one_environment_on_the_state_of_another_is_refused(
    plans: dict[str, Path], tmp_path: Path
) -> None:
    document = json.loads(plans["update"].read_text())
    provider = document["configuration"]["provider_config"]["aws"]
    provider["expressions"]["default_tags"][0]["tags"]["constant_value"]["Environment"] = "dev"
    mixed = tmp_path / "mixed.json"
    mixed.write_text(json.dumps(document))
    with pytest.raises(NotAPlanError, match="several environments"):
        environment_of([mixed])


def test_a_plan_without_an_environment_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(plan(change("aws_s3_bucket.x", "delete")) | {"configuration": {}}))
    result = CliRunner().invoke(app, ["plan-guard", str(file), "--env", "dev"])
    assert result.exit_code == 1
    assert "names no environment" in result.output


@on_real_plans
def test_the_command_refuses_a_plan_of_another_environment(plans: dict[str, Path]) -> None:
    result = CliRunner().invoke(app, ["plan-guard", str(plans["replace"]), "--env", "dev"])
    assert result.exit_code == 1, result.output
    assert "plans of prod, but --env is dev" in result.output.replace("\n", " ")


def of_dev(plan: Path, folder: Path) -> Path:
    """The same plan with dev's tags."""
    copy = folder / plan.name
    copy.write_text(plan.read_text().replace('"Environment":"prod"', '"Environment":"dev"'))
    return copy


@on_real_plans
@pytest.mark.parametrize("options", [[], ["--env", "prod"]])
def test_the_command_guards_an_environment_that_protects_its_data(
    plans: dict[str, Path], options: list[str]
) -> None:
    result = CliRunner().invoke(app, ["plan-guard", str(plans["replace"]), *options])
    assert result.exit_code == 1, result.output
    assert "aws_s3_bucket.data: would replace a bucket" in result.output.replace("\n", " ")


@on_real_plans
@pytest.mark.parametrize("options", [[], ["--env", "dev"]])
def test_the_command_reports_and_allows_a_loss_in_another_environment(
    plans: dict[str, Path], tmp_path: Path, options: list[str]
) -> None:
    plan = of_dev(plans["replace"], tmp_path)
    result = CliRunner().invoke(app, ["plan-guard", str(plan), *options])
    assert result.exit_code == 0, result.output
    assert "aws_s3_bucket.data: would replace a bucket" in result.output.replace("\n", " ")


@on_real_plans
def test_a_plan_that_turns_the_protection_off_is_refused_in_every_environment(
    plans: dict[str, Path], tmp_path: Path
) -> None:
    # The change of the value that turns the protection off is in the checkout that guards the plan.
    plan = of_dev(plans["weaken"], tmp_path)
    result = CliRunner().invoke(app, ["plan-guard", str(plan)])
    assert result.exit_code == 1, result.output
    assert "deletion_protection_enabled: true → false" in result.output.replace("\n", " ")


@on_real_plans
@pytest.mark.parametrize("env", ["prod", "dev"])
def test_the_command_guards_nodes_in_every_environment(
    plans: dict[str, Path], tmp_path: Path, env: str
) -> None:
    plan = plans["grow"] if env == "prod" else of_dev(plans["grow"], tmp_path)
    command = ["plan-guard", str(plan), "--env", env]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 1, result.output
    allowed = [f"--allow=aws_ebs_volume.data-volume-{index}" for index in (3, 4)]
    assert CliRunner().invoke(app, [*command, *allowed]).exit_code == 0
