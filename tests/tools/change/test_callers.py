"""A route that becomes open and a limit that rises are shown; what closes or falls is shown as that."""

from __future__ import annotations

from typing import Any

import pytest
from plan_documents import change, plan

from tools.change.findings import FindingKind, find

METHOD = "aws_api_gateway_method.a"
KEYED = {"http_method": "GET", "authorization": "NONE", "api_key_required": True}
OPEN = {**KEYED, "api_key_required": False}
LOGIN = {**OPEN, "authorization": "COGNITO_USER_POOLS"}
OPEN_TO_ALL = "asks for neither key nor login: open to everybody"


def found(address: str, *actions: str, **sides: Any) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    findings = find([plan(change(address, *actions, **sides))], reads={})
    return [(item.says, item.more, item.less) for item in findings if item.kind is FindingKind.CALLERS]


@pytest.mark.parametrize(
    ("before", "after", "more", "less"),
    [
        (KEYED, OPEN, ("asks for no key any more", OPEN_TO_ALL), ()),
        (LOGIN, OPEN, ("asks for no login any more", OPEN_TO_ALL), ()),
        (KEYED, LOGIN, ("asks for no key any more",), ("asks for a login",)),
        (OPEN, KEYED, (), ("asks for a key",)),
    ],
)
def test_what_a_method_asks_for(
    before: dict[str, Any], after: dict[str, Any], more: tuple[str, ...], less: tuple[str, ...]
) -> None:
    ((_, opened, closed),) = found(METHOD, "update", before=before, after=after)

    assert (opened, closed) == (more, less)


def test_a_new_open_method_is_shown_and_a_new_keyed_one_is_not() -> None:
    assert found(METHOD, "create", after=OPEN) == [("more is let in", (OPEN_TO_ALL,), ())]
    assert found(METHOD, "create", after=KEYED) == []
    assert found(METHOD, "delete", before=OPEN) == []
    assert found(METHOD, "create", after={**OPEN, "http_method": "OPTIONS"}) == []


PLAN = "aws_api_gateway_usage_plan.a"
SETTINGS = "aws_api_gateway_method_settings.a"
ACL = "aws_wafv2_web_acl.a"


def rate(limit: int) -> dict[str, Any]:
    return {"rule": [{"name": "rate", "statement": [{"rate_based_statement": [{"limit": limit}]}]}]}


@pytest.mark.parametrize(
    ("address", "before", "after", "rises"),
    [
        (PLAN, {"throttle_settings": [{"rate_limit": 200}]}, {"throttle_settings": [{"rate_limit": 400}]}, True),
        (PLAN, {"throttle_settings": [{"burst_limit": 90}]}, {"throttle_settings": [{"burst_limit": 100}]}, True),
        (PLAN, {"throttle_settings": [{"rate_limit": 200}]}, {"throttle_settings": [{"rate_limit": 50}]}, False),
        (PLAN, {"quota_settings": [{"limit": 1000}]}, {"quota_settings": []}, True),
        (PLAN, {"quota_settings": []}, {"quota_settings": [{"limit": 1000}]}, False),
        (SETTINGS, {"settings": [{"throttling_rate_limit": 9}]}, {"settings": [{"throttling_rate_limit": 10}]}, True),
        (ACL, rate(6000), rate(60_000), True),
        (ACL, rate(6000), rate(600), False),
    ],
)
def test_a_limit_that_rises_or_falls(address: str, before: Any, after: Any, rises: bool) -> None:
    ((says, more, less),) = found(address, "update", before=before, after=after)

    assert says == ("more is let in" if rises else "less is let in")
    assert (len(more), len(less)) == ((1, 0) if rises else (0, 1))
    assert " → " in (more or less)[0]


def test_another_change_of_the_same_resources_is_no_finding() -> None:
    assert found(PLAN, "update", before={"description": "a"}, after={"description": "b"}) == []
    assert found(PLAN, "create", after={"throttle_settings": [{"rate_limit": 200}]}) == []
