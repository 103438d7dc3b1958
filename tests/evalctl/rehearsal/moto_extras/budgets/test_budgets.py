"""AWS Budgets: a budget's changes, the subscribers of its notifications, its tags."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.evalctl.rehearsal.moto_extras.conftest import Client

ACCOUNT = "123456789012"
NAMED = {"AccountId": ACCOUNT, "BudgetName": "month"}
ARN = f"arn:aws:budgets::{ACCOUNT}:budget/month"
SPENT = {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "Threshold": 80.0}
TEAM = {"SubscriptionType": "EMAIL", "Address": "team@example.com"}


def budget(usd: str) -> dict[str, Any]:
    return {
        "BudgetName": "month",
        "BudgetLimit": {"Amount": usd, "Unit": "USD"},
        "BudgetType": "COST",
        "TimeUnit": "MONTHLY",
    }


@pytest.fixture
def api(client: Client) -> Any:
    """The service, with one budget that is tagged and has one notification."""
    budgets = client("budgets")
    budgets.create_budget(
        AccountId=ACCOUNT,
        Budget=budget("100"),
        ResourceTags=[{"Key": "Owner", "Value": "team"}],
    )
    budgets.create_notification(**NAMED, Notification=SPENT, Subscribers=[TEAM])
    return budgets


def tags(api: Any) -> list[dict[str, str]]:
    found: list[dict[str, str]] = api.list_tags_for_resource(ResourceARN=ARN)["ResourceTags"]
    return found


def test_an_update_changes_the_limit_and_keeps_the_notifications(api: Any) -> None:
    api.update_budget(AccountId=ACCOUNT, NewBudget=budget("200"))
    assert api.describe_budget(**NAMED)["Budget"]["BudgetLimit"]["Amount"] == "200"
    assert len(api.describe_notifications_for_budget(**NAMED)["Notifications"]) == 1


def test_a_notification_has_the_subscribers_that_it_was_made_with(api: Any) -> None:
    found = api.describe_subscribers_for_notification(**NAMED, Notification=SPENT)
    assert found["Subscribers"] == [TEAM]


def test_another_threshold_is_another_notification(api: Any) -> None:
    with pytest.raises(ClientError, match="NotFoundException"):
        api.describe_subscribers_for_notification(
            **NAMED, Notification=SPENT | {"Threshold": 100.0}
        )


def test_a_budget_has_the_tags_of_its_creation_and_of_later_changes(api: Any) -> None:
    assert tags(api) == [{"Key": "Owner", "Value": "team"}]
    api.tag_resource(ResourceARN=ARN, ResourceTags=[{"Key": "Environment", "Value": "dev"}])
    api.untag_resource(ResourceARN=ARN, ResourceTagKeys=["Owner"])
    assert tags(api) == [{"Key": "Environment", "Value": "dev"}]


def test_a_deleted_budget_has_no_tags_and_cannot_be_updated(api: Any) -> None:
    api.delete_budget(**NAMED)
    with pytest.raises(ClientError, match="NotFoundException"):
        tags(api)
    with pytest.raises(ClientError, match="NotFoundException"):
        api.update_budget(AccountId=ACCOUNT, NewBudget=budget("200"))
