"""Keys of API Gateway and their usage plans in stacks of CloudFormation."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.emulator


def _template(type_: str, **properties: object) -> str:
    made = {"Key": {"Type": f"AWS::ApiGateway::{type_}", "Properties": properties}}
    return json.dumps({"Resources": made, "Outputs": {"Id": {"Value": {"Ref": "Key"}}}})


def _output(stacks: Any, name: str) -> str:
    (stack,) = stacks.describe_stacks(StackName=name)["Stacks"]
    return str(stack["Outputs"][0]["OutputValue"])


def test_a_stack_makes_a_key_whose_value_it_does_not_know_and_binds_it_to_a_plan(
    client: Callable[[str], Any], name: str
) -> None:
    stacks, gateway = client("cloudformation"), client("apigateway")
    plans = [gateway.create_usage_plan(name=f"{name}-{number}")["id"] for number in (1, 2)]

    stacks.create_stack(StackName=name, TemplateBody=_template("ApiKey", Name=name, Enabled=True))
    key = gateway.get_api_key(apiKey=_output(stacks, name), includeValue=True)
    bound = {"KeyId": key["id"], "KeyType": "API_KEY"}
    stacks.create_stack(
        StackName=f"{name}-bound", TemplateBody=_template("UsagePlanKey", UsagePlanId=plans[0], **bound)
    )

    assert (key["name"], key["enabled"], len(key["value"]) >= 20) == (name, True, True)
    known = [stacks.describe_stacks(StackName=name), stacks.get_template(StackName=name)]
    assert key["value"] not in json.dumps(known, default=str)
    assert [each["id"] for each in gateway.get_usage_plan_keys(usagePlanId=plans[0])["items"]] == [key["id"]]

    # Another plan takes the place of the first; what is deleted is gone
    stacks.update_stack(
        StackName=f"{name}-bound", TemplateBody=_template("UsagePlanKey", UsagePlanId=plans[1], **bound)
    )
    assert [len(gateway.get_usage_plan_keys(usagePlanId=plan)["items"]) for plan in plans] == [0, 1]
    stacks.delete_stack(StackName=f"{name}-bound")
    stacks.delete_stack(StackName=name)
    assert gateway.get_usage_plan_keys(usagePlanId=plans[1])["items"] == []
    assert not [each for each in gateway.get_api_keys()["items"] if each["id"] == key["id"]]
