"""CloudFormation: keys of API Gateway and their usage plans, which moto's stacks do not know.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ApiGateway.html
"""

from __future__ import annotations

from typing import Any

from moto.apigateway.models import apigateway_backends
from moto.core.common_models import CloudFormationModel


class _Made:
    """What a stack has made: its id is what `Ref` gives. Every change here is a replacement on AWS, too."""

    type_ = ""

    def __init__(self, id_: str) -> None:
        self.physical_resource_id = id_

    @classmethod
    def cloudformation_type(cls) -> str:
        return cls.type_

    @staticmethod
    def cloudformation_name_type() -> str:
        return ""

    @classmethod
    def update_from_cloudformation_json(
        cls: Any,
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
    ) -> Any:
        made = cls.create_from_cloudformation_json(new_resource_name, cloudformation_json, account_id, region_name)
        cls.delete_from_cloudformation_json(
            original_resource.physical_resource_id, cloudformation_json, account_id, region_name
        )
        return made


class ApiKeyOfStack(_Made, CloudFormationModel):
    """Without a value in the template API Gateway makes one."""

    type_ = "AWS::ApiGateway::ApiKey"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **_: Any
    ) -> Any:
        properties = cloudformation_json["Properties"]
        key = {name[0].lower() + name[1:]: value for name, value in properties.items()}
        return cls(apigateway_backends[account_id][region_name].create_api_key(key).id)

    @classmethod
    def delete_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str
    ) -> None:
        apigateway_backends[account_id][region_name].delete_api_key(resource_name)


class UsagePlanKeyOfStack(_Made, CloudFormationModel):
    """Its id is that of the key and that of the plan."""

    type_ = "AWS::ApiGateway::UsagePlanKey"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **_: Any
    ) -> Any:
        properties = cloudformation_json["Properties"]
        plan, key = properties["UsagePlanId"], properties["KeyId"]
        backend = apigateway_backends[account_id][region_name]
        backend.create_usage_plan_key(plan, {"keyId": key, "keyType": properties["KeyType"]})
        return cls(f"{key}:{plan}")

    @classmethod
    def delete_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str
    ) -> None:
        key, _, plan = resource_name.partition(":")
        apigateway_backends[account_id][region_name].delete_usage_plan_key(plan, key)
