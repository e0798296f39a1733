"""When a REST API is redeployed. API Gateway does not deploy changes by itself."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from cdktf import Fn, TerraformResourceLifecycle, TerraformStack
from cdktf_cdktf_provider_aws.api_gateway_deployment import ApiGatewayDeployment
from constructs import Construct

# Resource types that are not part of a deployment, each with the reason. All other types of API Gateway are.
NOT_DEPLOYED = {
    "aws_api_gateway_base_path_mapping": "leads to a stage, whichever deployment that has",
    "aws_api_gateway_deployment": "the deployment itself",
    "aws_api_gateway_domain_name": "belongs to the account; in force at once",
    "aws_api_gateway_method_settings": "belongs to the stage; in force at once",
    "aws_api_gateway_stage": "leads to a deployment",
    "aws_api_gateway_usage_plan": "belongs to the account; in force at once",
}
Resources = Mapping[str, Mapping[str, Mapping[str, Any]]]


def deployed(resources: Resources) -> dict[str, Mapping[str, Any]]:
    """The resources that are part of a deployment, by address, sorted."""
    return {
        f"{type_}.{id_}": found[id_]
        for type_, found in sorted(resources.items())
        if type_.startswith("aws_api_gateway_") and type_ not in NOT_DEPLOYED
        for id_ in sorted(found)
    }


def definition_hash(resources: Resources) -> str:
    """A hash of their arguments. It does not depend on their order."""
    written = {
        address: {key: value for key, value in resource.items() if key != "//"}
        for address, resource in deployed(resources).items()
    }
    return hashlib.sha256(json.dumps(written, sort_keys=True).encode()).hexdigest()


def triggers(scope: Construct, *, ids: Sequence[str], base_url: str) -> dict[str, str]:
    """The triggers of a redeployment. Call this after all other resources of the API in the stack of `scope`.

    They are a hash of all arguments; the `ids` of resources, because a replaced resource has the same arguments; and
    `base_url`, because the JSON has only a reference to it, which stays the same when the value changes.
    """
    resources: Resources = TerraformStack.of(scope).to_terraform()["resource"]
    return {
        "definition": definition_hash(resources),
        "ids": Fn.sha1(Fn.jsonencode(list(ids))),
        "base_url": base_url,
    }


def deployment(
    scope: Construct, id_: str, *, rest_api_id: str, triggers: Mapping[str, str], kept: bool = False
) -> ApiGatewayDeployment:
    """A deployment, in a later stack than the definition.

    In the same stack, Terraform would create it before it deletes a removed route. The deployment needs
    `create_before_destroy`, because AWS does not delete a deployment that a stage uses, and Terraform extends
    `create_before_destroy` to all dependencies.
    https://developer.hashicorp.com/terraform/language/meta-arguments/lifecycle

    Terraform creates the new deployment, updates the stage, then deletes the old one. A `kept` one is never replaced.
    """
    return ApiGatewayDeployment(
        scope,
        id_,
        rest_api_id=rest_api_id,
        triggers=dict(triggers),
        lifecycle=TerraformResourceLifecycle(create_before_destroy=True, ignore_changes=["triggers"] if kept else None),
    )
