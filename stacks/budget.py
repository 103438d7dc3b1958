"""The month's budget in AWS Budgets, which writes to the team before and after it is spent.

The account has no other environment, so the budget counts the whole account. AWS bills the first two
budgets of an account nothing (aws.amazon.com/aws-cost-management/aws-budgets/pricing).
"""

import constructs

from environments.names import Stack
from environments.spec import NEARLY_SPENT_PERCENT, Environment
from stacks import aws
from stacks.base import EnvironmentStack


class BudgetStack(EnvironmentStack):
    """A monthly cost budget with an e-mail for what is billed and one for what is forecast."""

    def __init__(self, scope: constructs.Construct, *, env: Environment) -> None:
        super().__init__(scope, Stack.BUDGET, env=env)
        aws.BudgetsBudget(
            self,
            "month",
            name=self.names.budget,
            budget_type="COST",
            time_unit="MONTHLY",
            limit_amount=str(env.objectives.monthly_aws_budget_usd),
            limit_unit="USD",
            # A credit would hide what the environment costs once it is used up; taxes are not in the estimate.
            cost_types=aws.BudgetsBudgetCostTypes(include_credit=False, include_tax=False),
            notification=[
                self._mail("ACTUAL", percent=NEARLY_SPENT_PERCENT),
                self._mail("ACTUAL", percent=100),
                self._mail("FORECASTED", percent=100),
            ],
        )

    def _mail(self, spend: str, *, percent: int) -> aws.BudgetsBudgetNotification:
        return aws.BudgetsBudgetNotification(
            comparison_operator="GREATER_THAN",
            notification_type=spend,
            threshold=percent,
            threshold_type="PERCENTAGE",
            subscriber_email_addresses=[self.env.ownership.email],
        )
