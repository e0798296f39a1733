"""Budgets: subscribers, updates and tags."""

import json
from typing import Any

from moto.budgets.models import BudgetsBackend
from moto.budgets.responses import BudgetsResponse

from tools.local.emulator.registry import add, extend


@extend(BudgetsBackend, "__init__", unless="tag")
def start_without_tags(stock: Any, self: Any, region_name: str, account_id: str) -> None:
    """moto keeps no tags; the provider reads them on every refresh."""
    stock(self, region_name, account_id)
    self.budget_tags = {}


def _tags(response: Any, arn: str) -> dict[str, str]:
    tags: dict[str, str] = response.backend.budget_tags.setdefault(arn, {})
    return tags


@extend(BudgetsResponse, unless="ResourceTags")
def create_budget(stock: Any, self: Any) -> str:
    """moto drops the tags of the call."""
    answer: str = stock(self)
    name = self._get_param("Budget")["BudgetName"]
    arn = f"arn:{self.partition}:budgets::{self.current_account}:budget/{name}"
    _tags(self, arn).update({tag["Key"]: tag["Value"] for tag in self._get_param("ResourceTags") or []})
    return answer


@add(BudgetsResponse)
def update_budget(self: Any) -> str:
    """Not in moto: without it every change of a limit fails."""
    new = self._get_param("NewBudget")
    account_id = self._get_param("AccountId")
    self.backend.describe_budget(account_id, new["BudgetName"])  # raises NotFoundException
    self.backend.budgets[account_id][new["BudgetName"]].budget.update(new)
    return "{}"


@add(BudgetsResponse)
def describe_subscribers_for_notification(self: Any) -> str:
    """Not in moto: the provider reads the subscribers of each notification. AWS fills in the threshold's
    type.
    """

    def identity(notification: dict[str, Any]) -> tuple[Any, ...]:
        return (
            notification["NotificationType"],
            notification["ComparisonOperator"],
            float(notification["Threshold"]),
            notification.get("ThresholdType", "PERCENTAGE"),
        )

    wanted = identity(self._get_param("Notification"))
    budget = self.backend.budgets[self._get_param("AccountId")][self._get_param("BudgetName")]
    subscribers = [n.subscribers for n in budget.notifications if identity(n.details) == wanted]
    return json.dumps({"Subscribers": subscribers[0] if subscribers else []})


@add(BudgetsResponse)
def list_tags_for_resource(self: Any) -> str:
    """Not in moto."""
    tags = _tags(self, self._get_param("ResourceARN"))
    return json.dumps({"ResourceTags": [{"Key": key, "Value": value} for key, value in tags.items()]})


@add(BudgetsResponse)
def tag_resource(self: Any) -> str:
    """Not in moto."""
    new = {tag["Key"]: tag["Value"] for tag in self._get_param("ResourceTags")}
    _tags(self, self._get_param("ResourceARN")).update(new)
    return "{}"


@add(BudgetsResponse)
def untag_resource(self: Any) -> str:
    """Not in moto."""
    for key in self._get_param("ResourceTagKeys"):
        _tags(self, self._get_param("ResourceARN")).pop(key, None)
    return "{}"
