"""What moto's budgets lack: an update, tags, and the subscribers of a notification.

Terraform makes a notification with its subscribers, and removes and makes it again when something in it
changes. So a subscriber never changes by itself.
"""

import json
from typing import Any

from moto.budgets.exceptions import NotFoundException
from moto.budgets.models import Budget, BudgetsBackend
from moto.budgets.responses import BudgetsResponse
from moto.core.utils import unix_time

from ..registry import extended

Tags = dict[str, str]


class BudgetBackend(BudgetsBackend):
    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.tags: dict[str, Tags] = {}  # by ARN

    def update_budget(self, account_id: str, new_budget: dict[str, Any]) -> None:
        budget = self.budget(account_id, new_budget["BudgetName"])
        budget.budget = {**budget.budget, **new_budget, "LastUpdatedTime": unix_time()}

    def delete_budget(self, account_id: str, budget_name: str) -> None:
        super().delete_budget(account_id, budget_name)
        self.tags.pop(arn(account_id, budget_name), None)

    def subscribers(
        self, account_id: str, budget_name: str, details: dict[str, Any]
    ) -> list[dict[str, Any]]:
        for notification in self.budget(account_id, budget_name).notifications:
            if _identity(notification.details) == _identity(details):
                return list(notification.subscribers)  # type: ignore[arg-type]  # moto: a dict
        raise NotFoundException("Unable to find the notification")

    def budget(self, account_id: str, budget_name: str) -> Budget:
        try:
            return self.budgets[account_id][budget_name]
        except KeyError:
            raise NotFoundException(
                f"Unable to get budget: {budget_name} - the budget doesn't exist."
            ) from None


class BudgetResponse(BudgetsResponse):
    def create_budget(self) -> str:
        created = super().create_budget()
        budget = self._get_param("Budget")["BudgetName"]
        self._tags(arn(self._get_param("AccountId"), budget)).update(
            _as_mapping(self._get_param("ResourceTags", []))
        )
        return created

    def update_budget(self) -> str:
        self._budgets.update_budget(self._get_param("AccountId"), self._get_param("NewBudget"))
        return json.dumps({})

    def describe_subscribers_for_notification(self) -> str:
        subscribers = self._budgets.subscribers(
            self._get_param("AccountId"),
            self._get_param("BudgetName"),
            self._get_param("Notification"),
        )
        return json.dumps({"Subscribers": subscribers})

    def list_tags_for_resource(self) -> str:
        tags = self._tags(self._get_param("ResourceARN"))
        return json.dumps(
            {"ResourceTags": [{"Key": key, "Value": value} for key, value in tags.items()]}
        )

    def tag_resource(self) -> str:
        self._tags(self._get_param("ResourceARN")).update(
            _as_mapping(self._get_param("ResourceTags"))
        )
        return json.dumps({})

    def untag_resource(self) -> str:
        tags = self._tags(self._get_param("ResourceARN"))
        for key in self._get_param("ResourceTagKeys"):
            tags.pop(key, None)
        return json.dumps({})

    def _tags(self, resource: str) -> Tags:
        account, _, name = resource.removeprefix("arn:aws:budgets::").partition(":budget/")
        self._budgets.budget(account, name)
        return self._budgets.tags.setdefault(resource, {})

    @property
    def _budgets(self) -> BudgetBackend:
        return extended(self.backend, BudgetBackend)


def arn(account_id: str, budget_name: str) -> str:
    return f"arn:aws:budgets::{account_id}:budget/{budget_name}"


def _identity(notification: dict[str, Any]) -> tuple[object, ...]:
    """What makes two notifications the same; AWS adds a state to what it returns."""
    return (
        notification["NotificationType"],
        notification["ComparisonOperator"],
        float(notification["Threshold"]),
        notification.get("ThresholdType", "PERCENTAGE"),
    )


def _as_mapping(tags: list[dict[str, str]]) -> Tags:
    return {tag["Key"]: tag["Value"] for tag in tags}
