"""Where requests may leave API Gateway: what no shipped environment shows."""

from __future__ import annotations

import pytest

from tools.scan.checks import ALL
from tools.synthesized.platform import Platform
from tools.synthesized.resources import Resource

_INVOCATIONS = "arn:aws:apigateway:ca-central-1:lambda:path/2015-03-31/functions/{}/invocations"
_FUNCTION = "arn:aws:lambda:ca-central-1:{}:function:orders"


def found(**values: str) -> list[str]:
    link = Resource("s", "aws_api_gateway_vpc_link", "link", {})
    backend = Resource("s", "aws_api_gateway_integration", "backend", values)
    platform = Platform("iot-dev", "development", "111111111111", {}, (link, backend), (link, backend))
    (check,) = (check for check in ALL if check.id == "API_BACKEND")
    return [finding.message for finding in check.run(platform)]


@pytest.mark.parametrize(("account", "fine"), [("111111111111", True), ("999999999999", False)])
def test_functions_are_of_this_account(account: str, fine: bool) -> None:
    messages = found(type="AWS_PROXY", uri=_INVOCATIONS.format(_FUNCTION.format(account)))

    assert messages == ([] if fine else ["must call a function of this account"])


@pytest.mark.parametrize(
    ("values", "fine"),
    [
        ({"connection_type": "VPC_LINK", "connection_id": "${aws_api_gateway_vpc_link.link.id}"}, True),
        ({"connection_type": "VPC_LINK", "connection_id": "abcdef"}, False),
        ({"connection_type": "INTERNET", "connection_id": "${aws_api_gateway_vpc_link.link.id}"}, False),
        ({}, False),
    ],
)
def test_anything_else_is_reached_through_the_vpc_link(values: dict[str, str], fine: bool) -> None:
    messages = found(type="HTTP_PROXY", uri="http://entry.example.com/a", **values)

    assert messages == ([] if fine else ["must go through the VPC link: the other way is the internet"])


def test_a_mock_needs_neither() -> None:
    assert found(type="MOCK") == []
