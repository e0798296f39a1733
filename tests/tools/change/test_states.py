"""Which resources of the states are the environment's own."""

from __future__ import annotations

import pytest

from tools.change.states import States


@pytest.mark.parametrize(("mode", "addresses"), [("managed", ["aws_vpc.a"]), ("data", [])])
def test_what_is_only_read_is_not_asked_about(mode: str, addresses: list[str]) -> None:
    vpc = {"mode": mode, "type": "aws_vpc", "name": "a", "instances": [{"attributes": {"id": "vpc-1"}}]}

    found = States({"iot-dev-network": {"resources": [vpc]}})

    assert [resource.address for resource in found.resources] == addresses
    assert found.has("aws_vpc", id="vpc-1") is bool(addresses)
