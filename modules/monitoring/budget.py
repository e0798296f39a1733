"""The monthly budget of an environment."""

from __future__ import annotations

from cdktf_cdktf_provider_aws.budgets_budget import BudgetsBudget, BudgetsBudgetCostFilter, BudgetsBudgetNotification
from constructs import Construct

from settings.naming import Naming

# Percent of the limit that is spent, or that AWS forecasts for the end of the month.
_NOTIFICATIONS = (("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100))


def monthly_budget(scope: Construct, id_: str, *, names: Naming, limit_usd: int, topic_arn: str) -> BudgetsBudget:
    """A budget of all resources with the environment's tag.

    It counts nothing until `Environment` is activated as a cost allocation tag, which only the payer's account can do.
    """
    return BudgetsBudget(
        scope,
        id_,
        name=names.name("monthly"),
        budget_type="COST",
        time_unit="MONTHLY",
        limit_amount=str(limit_usd),
        limit_unit="USD",
        cost_filter=[BudgetsBudgetCostFilter(name="TagKeyValue", values=[f"user:Environment${names.environment}"])],
        notification=[
            BudgetsBudgetNotification(
                notification_type=kind,
                comparison_operator="GREATER_THAN",
                threshold=percent,
                threshold_type="PERCENTAGE",
                subscriber_sns_topic_arns=[topic_arn],
            )
            for kind, percent in _NOTIFICATIONS
        ],
    )
