"""Whom an API lets in and how much: routes that become open, and limits that rise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tools.change.plans import Action, Change
from tools.change.policies import Difference

# Limits by the last part of their path, by type. A firewall's is in one of many rules.
_LIMITS = {
    "aws_api_gateway_usage_plan": ("rate_limit", "burst_limit", "limit", "throttle_settings", "quota_settings"),
    "aws_api_gateway_method_settings": ("throttling_rate_limit", "throttling_burst_limit"),
    "aws_wafv2_web_acl": ("limit",),
}


def find(change: Change) -> Difference:
    """What a change opens to callers, and what it closes."""
    if change.type == "aws_api_gateway_method":
        return _method(change)
    if change.type in _LIMITS and change.action is Action.CHANGED:
        return _limits(change)
    return Difference()


def _method(change: Change) -> Difference:
    """What it asks of callers. A browser's OPTIONS can be asked for nothing."""
    before, after = _asked(change.before), _asked(change.after)
    if "OPTIONS" in (change.before.get("http_method"), change.after.get("http_method")):
        return Difference()
    if change.action is Action.CREATED:
        return Difference(() if after else ("asks for neither key nor login: open to everybody",))
    if change.action is Action.DESTROYED:
        return Difference()
    dropped = [f"asks for no {what} any more" for what in sorted(before - after)]
    if dropped and not after:
        dropped.append("asks for neither key nor login: open to everybody")
    return Difference(tuple(dropped), tuple(f"asks for a {what}" for what in sorted(after - before)))


def _asked(method: Mapping[str, Any]) -> set[str]:
    asked = {"key"} if method.get("api_key_required") is True else set()
    return asked | ({"login"} if method.get("authorization") not in (None, "NONE") else set())


def _limits(change: Change) -> Difference:
    more: list[str] = []
    less: list[str] = []
    for item in change.attributes:
        if item.path.rpartition(".")[2] in _LIMITS[change.type]:
            line = f"{item.path}: {item.before or 'none'} → {item.after or 'none'}"
            try:
                rises = item.before is not None and (item.after is None or float(item.after) > float(item.before))
            except ValueError:  # not known before the apply
                rises = True
            (more if rises else less).append(line)
    return Difference(tuple(more), tuple(less))
