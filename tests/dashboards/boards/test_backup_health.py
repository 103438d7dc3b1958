"""Backups are counted as the plans of the AWS plane make them."""

import pytest

from dashboards.boards.backup_health import BACKED_UP, observables
from environments.names import Stack
from environments.registry import ENVIRONMENTS
from environments.spec import Environment
from tests.support.terraform import Terraform

EACH_ENVIRONMENT = pytest.mark.parametrize("env", ENVIRONMENTS, ids=lambda env: env.name)
Stacks = dict[str, dict[Stack, Terraform]]


@EACH_ENVIRONMENT
def test_as_many_backups_are_expected_as_the_plans_select(
    env: Environment, terraform: Stacks
) -> None:
    stack = terraform[env.name][Stack.BACKUP]

    selected = {
        kind: len(stack.resource("aws_backup_selection", f"{plan}-selection")["resources"])
        for kind, plan in (("RDS", "database"), ("S3", "buckets"))
    }

    assert selected == BACKED_UP
    assert len(stack.resources("aws_backup_selection")) == len(BACKED_UP)


@EACH_ENVIRONMENT
def test_copies_are_expected_where_the_plans_make_some(env: Environment, terraform: Stacks) -> None:
    plans = terraform[env.name][Stack.BACKUP].resources("aws_backup_plan")
    copying = [rule for plan in plans.values() for rule in plan["rule"] if rule.get("copy_action")]
    (copies,) = (one for one in observables(env) if one.id == "backup-copies")

    assert (copies.thresholds[0].value > 0) is bool(copying)
