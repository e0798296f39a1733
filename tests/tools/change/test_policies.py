"""Wider, narrower, or only written differently."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tools.change.policies import compare


def _document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Statement": [{"Effect": "Allow", "Resource": "*", **item} for item in statements]})


_GET = {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::a/*"}
_IF = {"Condition": {"StringEquals": {"aws:SourceAccount": "1"}}}


@pytest.mark.parametrize(
    ("before", "after", "more"),
    [
        ([_GET], [{**_GET, "Action": "s3:*"}], "s3:* on arn:aws:s3:::a/*"),
        ([_GET], [{**_GET, "Resource": "*"}], "s3:GetObject on *"),
        ([{**_GET, **_IF}], [_GET], "s3:GetObject on arn:aws:s3:::a/*"),
        ([{**_GET, "Principal": {"AWS": "a"}}], [{**_GET, "Principal": {"AWS": ["a", "b"]}}], "AWS b may s3:GetObject"),
        ([{**_GET, "Principal": {"AWS": "a"}}], [{**_GET, "Principal": {"AWS": "*"}}], "* may s3:GetObject"),
        ([{**_GET, "Effect": "Deny"}], [], "no longer denied: s3:GetObject"),
        ([_GET], [{"NotAction": "iam:*"}], "NotAction"),
        ([_GET], [_GET, {"Action": "s3:*", "NotResource": "arn:aws:s3:::b"}], "NotResource"),
        ([_GET], [_GET, {"Action": "s3:GetObject", "NotPrincipal": {"AWS": "a"}}], "NotPrincipal"),
    ],
)
def test_wider(before: list[dict[str, Any]], after: list[dict[str, Any]], more: str) -> None:
    (found,) = compare(_document(*before), _document(*after)).more

    assert found.startswith(more) or more in found


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([_GET], [{**_GET, **_IF}]),
        ([{**_GET, "Action": "s3:*"}], [_GET]),
        ([{**_GET, "Resource": "*"}], [_GET]),
        ([_GET], [_GET, {**_GET, "Effect": "Deny", "Action": "s3:DeleteObject"}]),
        ([_GET], []),
    ],
)
def test_narrower(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> None:
    found = compare(_document(*before), _document(*after))

    assert found.more == ()
    assert found.less


@pytest.mark.parametrize(
    "after",
    [
        [{**_GET, "Action": ["s3:GetObject"]}],
        [{**_GET, "Action": "S3:getobject"}],
        [_GET, {**_GET, **_IF}],
        [{**_GET, "Sid": "Read"}],
    ],
)
def test_only_written_differently(after: list[dict[str, Any]]) -> None:
    found = compare(_document(_GET), _document(*after))

    assert (found.more, found.less) == ((), ())


def test_a_new_policy_allows_all_that_it_says() -> None:
    assert compare(None, _document(_GET)).more == ("s3:GetObject on arn:aws:s3:::a/*",)


_USE: dict[str, Any] = {
    "Principal": {"AWS": "root"},
    "Action": ["kms:Decrypt", "kms:Encrypt", "kms:DescribeKey", "kms:ReEncrypt*"],
}


def _through(*services: str, operator: str = "StringEquals") -> dict[str, Any]:
    return {**_USE, "Condition": {operator: {"kms:ViaService": list(services)}, "Bool": {"a": "true"}}}


def test_one_more_service_in_a_condition_is_one_line() -> None:
    found = compare(_document(_through("rds", "s3")), _document(_through("efs", "rds", "s3")))

    assert found.less == ()
    (line,) = found.more
    assert line.startswith("AWS root may kms:Decrypt, kms:DescribeKey, kms:Encrypt, kms:ReEncrypt* on * if {")
    assert '"kms:ViaService": ["efs", "rds", "s3"]' in line


def test_one_more_principal_or_resource_is_one_line() -> None:
    more = {"Principal": {"Service": ["a", "b"]}, "Action": ["x:1", "x:2"], "Resource": ["r", "s"]}

    assert compare(None, _document(more)).more == ("Service a, Service b may x:1, x:2 on r, s",)


def test_what_is_for_everybody_stands_first_in_its_line() -> None:
    everybody: list[dict[str, Any]] = [
        {"Principal": {"AWS": "a"}, "Action": "x:1"},
        {"Principal": "*", "Action": "x:1"},
    ]

    assert compare(None, _document(*everybody)).more == ("*, AWS a may x:1 on *",)


def test_different_conditions_stay_apart() -> None:
    assert len(compare(None, _document(_through("rds"), _through("rds", "s3"))).more) == 2


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (_through("a", "b", operator="StringNotEquals"), _through("a", operator="StringNotEquals")),
        (_through("a", operator="ForAllValues:StringEquals"), _through("a", "b", operator="ForAllValues:StringEquals")),
        (_through("a"), _through("b")),
        (_through("a"), _USE),
        ({**_USE, "Condition": {"StringEquals": "malformed"}}, _through("a")),
    ],
)
def test_a_condition_of_another_kind_is_wider(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert compare(_document(before), _document(after)).more


@pytest.mark.parametrize(
    ("before", "after"),
    [(_through("a", "b"), _through("b")), (_through("a"), {**_through("a"), "Action": "kms:Decrypt"})],
)
def test_fewer_values_of_a_condition_are_narrower(before: dict[str, Any], after: dict[str, Any]) -> None:
    found = compare(_document(before), _document(after))

    assert found.more == ()
    assert found.less
