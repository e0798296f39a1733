"""Which resources of the states are the environment's own."""

from __future__ import annotations

import pytest

from tools.change.unmanaged import managed


@pytest.mark.parametrize(("mode", "addresses"), [("managed", ["aws_vpc.a"]), ("data", [])])
def test_what_is_only_read_is_not_asked_about(mode: str, addresses: list[str]) -> None:
    vpc = {"mode": mode, "type": "aws_vpc", "name": "a", "instances": [{"attributes": {"id": "vpc-1"}}]}

    assert [resource.address for resource in managed({"iot-dev-network": {"resources": [vpc]}})] == addresses
