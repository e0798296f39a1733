"""When a REST API is deployed anew. What is not deployed is not in force, and API Gateway deploys nothing by itself."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from cdktf import Fn, TerraformResourceLifecycle, TerraformStack
from cdktf_cdktf_provider_aws.api_gateway_deployment import ApiGatewayDeployment
from constructs import Construct

# Types of API Gateway that are no part of a deployment, each with the reason. Every other counts, known here or not.
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


def triggers(scope: Construct, *, ids: Sequence[str], base_url: str) -> dict[str, str]:
    """What a deployment of all that the stack of `scope` has of the API by now is made anew for: call it last.

    A resource that is replaced is written as before, so the `ids` count to which a deployment refers. Every other
    resource is part of it by what is written of it. `base_url` is a value of another stack: its text stays when it
    changes.
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

    In the same stack it would be made before Terraform deletes a route that was removed: `create_before_destroy`, which
    the deployment needs because AWS deletes none that a stage leads to, extends to all that it depends on.
    https://developer.hashicorp.com/terraform/language/meta-arguments/lifecycle

    A new one is made before the old one goes, and the stage moves over in between. One that is `kept` stays as it is.
    """
    return ApiGatewayDeployment(
        scope,
        id_,
        rest_api_id=rest_api_id,
        triggers=dict(triggers),
        lifecycle=TerraformResourceLifecycle(create_before_destroy=True, ignore_changes=["triggers"] if kept else None),
    )
