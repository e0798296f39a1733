"""Wider, narrower, or only written differently."""

from __future__ import annotations

import json
from typing import Any

import pytest

from review.policies import compare


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
