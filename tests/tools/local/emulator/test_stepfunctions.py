"""What Step Functions is asked by the provider and moto does not answer."""

import json

import pytest

from tests.tools.local.emulator.conftest import Client

RIGHT = {"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}


@pytest.mark.parametrize(
    ("definition", "result"),
    [(RIGHT, "OK"), ({**RIGHT, "States": {"End": {"Type": "Suceed"}}}, "FAIL"), ({"States": 1}, "FAIL")],
)
def test_a_definition_is_judged(client: Client, definition: dict[str, object], result: str) -> None:
    answer = client("stepfunctions").validate_state_machine_definition(definition=json.dumps(definition))

    assert answer["result"] == result
    assert bool(answer["diagnostics"]) is (result == "FAIL")
