"""The budget stack on the emulated AWS: an apply, a change, a destroy."""

import json
from pathlib import Path

import pytest

from environments.dev import DEV
from environments.names import Names, Stack
from evalctl.rehearsal.emulated_environment import EmulatedEnvironment, emulated_environment
from evalctl.rehearsal.working_directory import WorkingDirectory
from tests.evalctl.rehearsal.accounts import opened, print_progress

NAMED = {"AccountId": DEV.account.id, "BudgetName": Names(DEV).budget}


def set_limit(directory: WorkingDirectory, usd: str) -> None:
    file = directory.folder / "cdk.tf.json"
    document = json.loads(file.read_text())
    document["resource"]["aws_budgets_budget"]["month"]["limit_amount"] = usd
    file.write_text(json.dumps(document))


def limit(stage: EmulatedEnvironment) -> str:
    budget = stage.aws.client("budgets").describe_budget(**NAMED)["Budget"]
    assert budget["CostTypes"]["IncludeCredit"] is budget["CostTypes"]["IncludeTax"] is False
    return str(budget["BudgetLimit"]["Amount"])


@pytest.mark.rehearsal
def test_the_budget_is_made_is_changed_and_is_removed(rendered: Path) -> None:
    with opened(emulated_environment(DEV, rendered=rendered, progress=print_progress)) as (
        stage,
        loop,
    ):
        directory = stage.directories[Stack.BUDGET]
        directory.override(stage.aws, local_state=True)
        loop(stage.terraform.init(directory))
        loop(stage.terraform.apply(directory))
        assert float(limit(stage)) == DEV.objectives.monthly_aws_budget_usd
        loop(stage.terraform.require_no_changes(directory))

        api = stage.aws.client("budgets")
        found = api.describe_notifications_for_budget(**NAMED)["Notifications"]
        assert {(each["NotificationType"], each["Threshold"]) for each in found} == {
            ("ACTUAL", 80),
            ("ACTUAL", 100),
            ("FORECASTED", 100),
        }
        for each in found:
            [subscriber] = api.describe_subscribers_for_notification(**NAMED, Notification=each)[
                "Subscribers"
            ]
            assert subscriber["Address"] == DEV.ownership.email
        tags = api.list_tags_for_resource(ResourceARN=Names(DEV).budget_arn)["ResourceTags"]
        assert {tag["Key"]: tag["Value"] for tag in tags} == Names(DEV).tags(Stack.BUDGET)

        set_limit(directory, "4321")
        loop(stage.terraform.apply(directory))
        assert float(limit(stage)) == 4321
        loop(stage.terraform.require_no_changes(directory))

        loop(stage.terraform.destroy(directory))
        assert api.describe_budgets(AccountId=DEV.account.id)["Budgets"] == []
