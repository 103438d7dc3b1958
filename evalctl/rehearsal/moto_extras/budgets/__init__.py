"""AWS Budgets: changes of a budget, the subscribers of its notifications, tags."""

from .changes import BudgetBackend, BudgetResponse


class ExtendedBudgetsBackend(BudgetBackend):
    """All budgets of an account."""


class ExtendedBudgetsResponse(BudgetResponse):
    """All operations of AWS Budgets that Terraform calls."""
