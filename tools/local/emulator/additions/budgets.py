"""Budgets: subscribers, updates and tags."""

from typing import Any

from moto.budgets.responses import BudgetsResponse
from moto.core.responses import ActionResult, EmptyResult

from tools.local.emulator.kept import keep_tags, tag
from tools.local.emulator.registry import add, extend

keep_tags(BudgetsResponse, "ResourceTags", "ResourceTagKeys", as_map=False)


@extend(BudgetsResponse, unless="ResourceTags")
def create_budget(stock: Any, self: Any) -> str:
    """moto drops the tags of the call."""
    answer: str = stock(self)
    name = self._get_param("Budget")["BudgetName"]
    tag(f"arn:{self.partition}:budgets::{self.current_account}:budget/{name}", self._get_param("ResourceTags"))
    return answer


@add(BudgetsResponse)
def update_budget(self: Any) -> ActionResult:
    """Not in moto: without it every change of a limit fails."""
    new = self._get_param("NewBudget")
    account_id = self._get_param("AccountId")
    self.backend.describe_budget(account_id, new["BudgetName"])  # raises NotFoundException
    self.backend.budgets[account_id][new["BudgetName"]].budget.update(new)
    return EmptyResult()


@add(BudgetsResponse)
def describe_subscribers_for_notification(self: Any) -> ActionResult:
    """Not in moto: the provider reads the subscribers of each notification. AWS fills in the threshold's
    type.
    """

    def identity(notification: dict[str, Any]) -> dict[str, Any]:
        return {"ThresholdType": "PERCENTAGE", **notification, "Threshold": float(notification["Threshold"])}

    wanted = identity(self._get_param("Notification"))
    budget = self.backend.budgets[self._get_param("AccountId")][self._get_param("BudgetName")]
    subscribers = [n.subscribers for n in budget.notifications if identity(n.details) == wanted]
    return ActionResult({"Subscribers": subscribers[0] if subscribers else []})
