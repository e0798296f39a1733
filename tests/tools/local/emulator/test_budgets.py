from typing import Any

import pytest

from tests.tools.local.emulator.conftest import ACCOUNT_ID, Client

_NOTIFICATION = {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "Threshold": 80.0}
_SUBSCRIBERS = [{"SubscriptionType": "EMAIL", "Address": "budget@example.com"}]


@pytest.fixture
def budget(client: Client, name: str) -> dict[str, Any]:
    budget = {
        "BudgetName": name,
        "BudgetType": "COST",
        "TimeUnit": "MONTHLY",
        "BudgetLimit": {"Amount": "100", "Unit": "USD"},
    }
    client("budgets").create_budget(
        AccountId=ACCOUNT_ID,
        Budget=budget,
        NotificationsWithSubscribers=[{"Notification": _NOTIFICATION, "Subscribers": _SUBSCRIBERS}],
        ResourceTags=[{"Key": "Name", "Value": name}],
    )
    return budget


def test_budget_has_tags(client: Client, budget: dict[str, Any]) -> None:
    budgets = client("budgets")
    name = budget["BudgetName"]
    arn = f"arn:aws:budgets::{ACCOUNT_ID}:budget/{name}"
    assert budgets.list_tags_for_resource(ResourceARN=arn)["ResourceTags"] == [{"Key": "Name", "Value": name}]
    budgets.tag_resource(ResourceARN=arn, ResourceTags=[{"Key": "Tier", "Value": "test"}])
    budgets.untag_resource(ResourceARN=arn, ResourceTagKeys=["Name"])
    assert budgets.list_tags_for_resource(ResourceARN=arn)["ResourceTags"] == [{"Key": "Tier", "Value": "test"}]


@pytest.mark.parametrize("extra", [{}, {"ThresholdType": "PERCENTAGE"}])
def test_subscribers_are_found_by_their_notification(
    client: Client, budget: dict[str, Any], extra: dict[str, str]
) -> None:
    answer = client("budgets").describe_subscribers_for_notification(
        AccountId=ACCOUNT_ID, BudgetName=budget["BudgetName"], Notification={**_NOTIFICATION, **extra}
    )
    assert answer["Subscribers"] == _SUBSCRIBERS


def test_limit_can_be_changed(client: Client, budget: dict[str, Any]) -> None:
    budgets = client("budgets")
    new = {**budget, "BudgetLimit": {"Amount": "200", "Unit": "USD"}}
    budgets.update_budget(AccountId=ACCOUNT_ID, NewBudget=new)
    answer = budgets.describe_budget(AccountId=ACCOUNT_ID, BudgetName=budget["BudgetName"])
    assert answer["Budget"]["BudgetLimit"]["Amount"] == "200"
    with pytest.raises(budgets.exceptions.NotFoundException):
        budgets.update_budget(AccountId=ACCOUNT_ID, NewBudget={**new, "BudgetName": "none"})
