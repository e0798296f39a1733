"""When a REST API is deployed anew. What is not deployed is not in force, and API Gateway deploys nothing by itself."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from cdktf import TerraformResourceLifecycle, TerraformStack
from cdktf_cdktf_provider_aws.api_gateway_deployment import ApiGatewayDeployment
from constructs import Construct

# Types of API Gateway that are no part of a deployment, each with the reason. Every other counts, known here or not.
NOT_DEPLOYED = {
    "aws_api_gateway_api_key": "belongs to the account; in force at once",
    "aws_api_gateway_base_path_mapping": "leads to a stage, whichever deployment that has",
    "aws_api_gateway_deployment": "the deployment itself",
    "aws_api_gateway_domain_name": "belongs to the account; in force at once",
    "aws_api_gateway_method_settings": "belongs to the stage; in force at once",
    "aws_api_gateway_stage": "leads to a deployment",
    "aws_api_gateway_usage_plan": "belongs to the account; in force at once",
    "aws_api_gateway_usage_plan_key": "belongs to the usage plan; in force at once",
}

Resources = Mapping[str, Mapping[str, Mapping[str, Any]]]


def deployed(resources: Resources) -> dict[str, Mapping[str, Any]]:
    """By address, sorted: the resources of API Gateway that a deployment takes a picture of."""
    return {
        f"{type_}.{id_}": found[id_]
        for type_, found in sorted(resources.items())
        if type_.startswith("aws_api_gateway_") and type_ not in NOT_DEPLOYED
        for id_ in sorted(found)
    }


def definition_hash(resources: Resources) -> str:
    """A hash of what was written of them: changes with every argument, not with their order."""
    written = {
        address: {key: value for key, value in resource.items() if key != "//"}
        for address, resource in deployed(resources).items()
    }
    return hashlib.sha256(json.dumps(written, sort_keys=True).encode()).hexdigest()


def ids_hash(resources: Resources) -> str:
    """An expression for Terraform: a hash of their ids, for a resource that is replaced is written as before.

    Of ids only: whole objects have attributes that AWS fills in later, so that the next plan would not be empty.
    """
    ids = ", ".join(f"{address}.id" for address in deployed(resources))
    return f"${{sha1(jsonencode([{ids}]))}}"


def deployment(
    scope: Construct, id_: str, *, rest_api_id: str, from_other_stacks: Mapping[str, str]
) -> ApiGatewayDeployment:
    """A deployment of all that the stack of `scope` has of the API by now: call it last.

    A new one is made before the old one goes, and the stage moves over in between. `from_other_stacks` are values that
    the definition refers to: their text stays when they change.
    """
    resources: Resources = TerraformStack.of(scope).to_terraform()["resource"]
    return ApiGatewayDeployment(
        scope,
        id_,
        rest_api_id=rest_api_id,
        triggers={
            "definition": definition_hash(resources),
            "ids": ids_hash(resources),
            **from_other_stacks,
        },
        lifecycle=TerraformResourceLifecycle(create_before_destroy=True),
    )
