"""A change that EKS cannot make in place: the new node group exists before the old one goes."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from environments.dev import DEV
from environments.names import Names, Stack
from environments.rules import problems_of
from environments.spec import CapacityType, NodeGroup
from evalctl.plans.plan_guard import refusals
from evalctl.rehearsal.emulated_environment import EmulatedEnvironment
from tests.evalctl.rehearsal import changes
from tests.evalctl.rehearsal.accounts import Loop

pytestmark = [pytest.mark.rehearsal, pytest.mark.xdist_group("account")]

GENERAL, WORKERS = DEV.cluster.general, DEV.cluster.workers_spot
# What EKS can only replace: each field with another value.
CHANGES: dict[str, tuple[NodeGroup, NodeGroup]] = {
    "instance types": (replace(GENERAL, instance_types=("m6i.large",)), WORKERS),
    "zones": (replace(GENERAL, zones=DEV.network.zones[1:]), WORKERS),
    "capacity type": (GENERAL, replace(WORKERS, capacity_type=CapacityType.ON_DEMAND)),
}


def node_groups(emulated: EmulatedEnvironment) -> set[str]:
    eks = emulated.aws.client("eks")
    return set(eks.list_nodegroups(clusterName=Names(DEV).cluster)["nodegroups"])


def test_generated_names_are_kept(account_with_cluster: tuple[EmulatedEnvironment, Loop]) -> None:
    emulated, loop = account_with_cluster
    loop(emulated.terraform.require_no_changes(emulated.directories[Stack.CLUSTER]))


@pytest.mark.parametrize("field", CHANGES)
def test_the_new_group_is_created_first_and_the_plan_passes_the_guard(
    account_with_cluster: tuple[EmulatedEnvironment, Loop], tmp_path: Path, field: str
) -> None:
    emulated, loop = account_with_cluster
    general, workers = CHANGES[field]
    changed = replace(DEV, cluster=replace(DEV.cluster, general=general, workers_spot=workers))
    assert problems_of(changed) == []
    directory, before = emulated.directories[Stack.CLUSTER], node_groups(emulated)
    document = changes.render(changed, tmp_path)[Stack.CLUSTER]
    (directory.folder / "cdk.tf.json").write_text(json.dumps(document))

    plan = loop(emulated.terraform.plan(directory))
    replaced = {
        change["address"]: change["change"]["actions"]
        for change in json.loads(plan.read_text())["resource_changes"]
        if "delete" in change["change"]["actions"]
    }
    assert any(address.startswith("aws_eks_node_group.") for address in replaced)
    assert set(map(tuple, replaced.values())) == {("create", "delete")}
    assert refusals(plan) == []

    loop(emulated.terraform.apply_plan(directory))
    assert len(node_groups(emulated)) == len(before)
    assert node_groups(emulated) != before
    loop(emulated.terraform.require_no_changes(directory))


def test_a_group_that_goes_first_is_refused(
    account_with_cluster: tuple[EmulatedEnvironment, Loop], tmp_path: Path
) -> None:
    emulated, loop = account_with_cluster
    directory = emulated.directories[Stack.CLUSTER]
    group = replace(GENERAL, instance_types=("m7i.large",))
    changed = replace(DEV, cluster=replace(DEV.cluster, general=group))
    document = changes.render(changed, tmp_path)[Stack.CLUSTER]
    for type_ in ("aws_eks_node_group", "aws_autoscaling_group_tag"):
        for resource in document["resource"][type_].values():
            del resource["lifecycle"]["create_before_destroy"]
    (directory.folder / "cdk.tf.json").write_text(json.dumps(document))
    plan = loop(emulated.terraform.plan(directory))
    refused = {refusal.address: str(refusal) for refusal in refusals(plan)}
    assert refused["aws_eks_node_group.general"] == (
        "aws_eks_node_group.general: would replace the nodes before others exist; "
        "to allow it: --allow aws_eks_node_group.general"
    )
