"""An environment deployed, changed and destroyed the way its owner does it: by cdktf's command line."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from checks.plan_guard import refusals
from environments.dev import DEV
from environments.names import Names, Stack
from environments.rules import problems_of
from environments.spec import Environment
from rehearsal.cdktf import Cdktf, cdktf_stage
from rehearsal.leftovers import leftovers
from rehearsal.promises import broken_promises
from rehearsal.rehearse import Stage, lift_guards, make_state_bucket, remove_state_bucket
from rehearsal.workspace import SYNTHESIZED, Workspace
from tests.conftest import ROOT
from tests.rehearsal import changes
from tests.rehearsal.accounts import Loop, opened, require_cdktf, tell

pytestmark = [pytest.mark.rehearsal, pytest.mark.xdist_group("life by cdktf")]

GROWN = changes.grown(DEV)
SWAPPED = replace(GROWN, network=replace(DEV.network, zones=DEV.network.zones[::-1]))
ANOTHER_KEY = f"arn:aws:kms:{DEV.account.region}:{DEV.account.id}:key/{UUID(int=1)}"
IN_PLACE = {
    Stack.CLUSTER: {
        "aws_eks_cluster.cluster",
        "aws_eks_node_group.general",
        "aws_eks_node_group.workers-spot",
    },
    Stack.DATABASE: {"aws_db_instance.instance"},
}


@dataclass(frozen=True)
class Account:
    """An emulated account in which cdktf deploys dev."""

    stage: Stage
    cdktf: Cdktf
    loop: Loop

    def plan(self, stack: Stack, document: dict[str, Any]) -> Path:
        """What terraform would do if the stack were rendered like this."""
        workspace = self.stage.workspaces[stack]
        (workspace.folder / SYNTHESIZED).write_text(json.dumps(document))
        workspace.override(self.stage.aws, local_state=False)
        return self.loop(self.stage.terraform.plan(workspace))


@pytest.fixture(scope="module")
def deployed() -> Iterator[Account]:
    """docs/first-day.md, step by step."""
    require_cdktf()
    with opened(cdktf_stage(DEV, project=ROOT, progress=tell)) as ((stage, cdktf), loop):
        for workspace in stage.workspaces.values():
            workspace.override(stage.aws, local_state=False)
        loop(make_state_bucket(stage))
        loop(cdktf.deploy(f"{DEV.name}-*"))
        yield Account(stage, cdktf, loop)


@pytest.fixture(scope="module")
def today(tmp_path_factory: pytest.TempPathFactory) -> changes.Rendered:
    return changes.render(DEV, tmp_path_factory.mktemp("today"))


@pytest.fixture(scope="module")
def tomorrow(today: changes.Rendered, tmp_path_factory: pytest.TempPathFactory) -> changes.Rendered:
    """The stacks that the changed value and the new bucket change."""
    rendered = changes.render(GROWN, tmp_path_factory.mktemp("tomorrow"))
    rendered[Stack.STORAGE] = changes.with_another_bucket(rendered[Stack.STORAGE])
    return {stack: document for stack, document in rendered.items() if document != today[stack]}


@pytest.fixture(scope="module")
def growth(deployed: Account, tomorrow: changes.Rendered) -> dict[Stack, Path]:
    """The plan of each stack that changes, after the step that docs/changes.md asks for."""
    deployed.stage.aws.client("eks").update_nodegroup_config(
        clusterName=Names(DEV).cluster,
        nodegroupName="workers_spot",
        scalingConfig={"desiredSize": GROWN.cluster.workers_spot.min_size},
    )
    return {stack: deployed.plan(stack, document) for stack, document in tomorrow.items()}


@pytest.fixture(scope="module")
def grown(deployed: Account, growth: dict[Stack, Path]) -> Account:
    """The account after those plans."""

    async def apply(workspace: Workspace) -> None:
        if workspace.stack in growth:
            await deployed.stage.terraform.apply_plan(workspace)

    deployed.loop(deployed.stage.each("apply", apply))
    return deployed


def test_cdktf_deploys_everything_that_was_promised_and_a_second_plan_is_empty(
    deployed: Account,
) -> None:
    stage = deployed.stage
    deployed.loop(stage.each("plan", stage.terraform.require_no_changes))
    assert broken_promises(DEV, stage.aws) == []


def test_the_changed_values_are_sound_and_change_the_stacks_they_name(
    tomorrow: changes.Rendered,
) -> None:
    assert problems_of(GROWN) == []
    assert {Stack.CLUSTER, Stack.DATABASE, Stack.STORAGE, Stack.CLICKHOUSE} <= set(tomorrow)


def test_growth_takes_nothing_away(growth: dict[Stack, Path]) -> None:
    lost = [address for plan in growth.values() for address in doing(plan, "delete")]
    assert lost == []
    assert [refusal for plan in growth.values() for refusal in refusals(plan)] == []


def test_what_holds_data_and_runs_work_grows_in_place(growth: dict[Stack, Path]) -> None:
    for stack, addresses in IN_PLACE.items():
        assert addresses <= doing(growth[stack], "update"), stack


def test_a_bucket_and_nodes_are_added_beside_those_there_are(growth: dict[Stack, Path]) -> None:
    assert "aws_s3_bucket.drafts" in doing(growth[Stack.STORAGE], "create")
    assert doing(growth[Stack.STORAGE], "update") == set()
    added = doing(growth[Stack.CLICKHOUSE], "create")
    assert {f"aws_ebs_volume.data-volume-{node}" for node in (2, 3)} <= added
    assert {f"aws_instance.node-{node}" for node in (2, 3)} <= added


def test_the_grown_environment_is_what_was_promised_and_a_second_plan_is_empty(
    grown: Account, growth: dict[Stack, Path]
) -> None:
    stage = grown.stage

    async def plan(workspace: Workspace) -> None:
        if workspace.stack in growth:
            await stage.terraform.require_no_changes(workspace)

    grown.loop(stage.each("plan", plan))
    assert broken_promises(GROWN, stage.aws) == []


@pytest.mark.parametrize(
    ("stack", "address", "argument", "value"),
    [
        (Stack.DATABASE, "aws_db_instance.instance", "kms_key_id", ANOTHER_KEY),
        (Stack.STORAGE, "aws_s3_bucket.reports", "bucket", "elsewhere-111111111111"),
        (Stack.CLUSTER, "aws_eks_cluster.cluster", "name", "elsewhere"),
        (Stack.QUEUE, "aws_elasticache_replication_group.replication-group", "engine", "redis"),
    ],
)
def test_what_can_only_be_replaced_is_refused_by_name(
    grown: Account,
    today: changes.Rendered,
    tomorrow: changes.Rendered,
    stack: Stack,
    address: str,
    argument: str,
    value: str,
) -> None:
    document = changes.with_argument((today | tomorrow)[stack], address, argument, value)
    refused = {refusal.address: refusal for refusal in refusals(grown.plan(stack, document))}
    assert str(refused[address]).startswith(f"{address}: would replace")


@pytest.mark.parametrize(
    ("env", "nodes", "replaced"),
    [
        pytest.param(DEV, (2, 3), False, id="fewer nodes"),
        pytest.param(SWAPPED, (1, 2, 3), True, id="zones in another order"),
    ],
)
def test_a_value_that_would_lose_clickhouse_volumes_is_refused_for_each(
    grown: Account, tmp_path: Path, env: Environment, nodes: tuple[int, ...], replaced: bool
) -> None:
    document = changes.render(env, tmp_path)[Stack.CLICKHOUSE]
    refused = refusals(grown.plan(Stack.CLICKHOUSE, document))
    volumes = {f"aws_ebs_volume.data-volume-{node}" for node in nodes}
    assert {refusal.address for refusal in refused} == volumes
    assert {refusal.replaced for refusal in refused} == {replaced}


def test_cdktf_destroys_every_stack_and_nothing_is_left(deployed: Account) -> None:
    stage = deployed.stage
    deployed.loop(deployed.cdktf.synth())
    deployed.loop(stage.each("lift", lambda workspace: lift_guards(stage, workspace)))
    stacks = (stack for stack in Stack if stack is not Stack.STATE)
    deployed.loop(deployed.cdktf.destroy(*(f"{DEV.name}-{stack}" for stack in stacks)))
    assert leftovers(DEV, stage.aws) != [], "the state bucket holds the others' states until now"
    deployed.loop(remove_state_bucket(stage))
    assert leftovers(DEV, stage.aws) == []


def doing(plan: Path, action: str) -> set[str]:
    """The addresses to which the plan does this."""
    return {
        change["address"]
        for change in json.loads(plan.read_text())["resource_changes"]
        if action in change["change"]["actions"]
    }
