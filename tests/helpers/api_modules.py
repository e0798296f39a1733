"""Synthesizes a REST API by itself, with single settings changed."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any

from cdktf import TerraformOutput
from constructs import Construct
from places import place
from synthesized import Synthesized, synthesize_module

from modules.api import Api, PublishedApi
from modules.common.policies import Account
from settings import load
from settings.api import ApiSettings
from settings.api import schemas as api_schemas
from settings.naming import Naming

BASE_URL = "http://entry.example.com:80"
LOAD_BALANCER = "arn:aws:elasticloadbalancing:ca-central-1:222222222222:loadbalancer/net/entry/0"
FUNCTION = "arn:aws:lambda:ca-central-1:222222222222:function:orders"
POOL = "arn:aws:cognito-idp:ca-central-1:222222222222:userpool/ca-central-1_Abc"


def settings(**changed: Any) -> ApiSettings:
    """Those of `iot-prod` with `changed`."""
    return load("iot-prod").api.model_copy(update=changed)


def synthesize(
    *,
    suffix: str | None = None,
    schemas: Mapping[str, Mapping[str, Any]] | None = None,
    base_url: str = BASE_URL,
    load_balancer_arn: str = LOAD_BALANCER,
    behind_cloudfront: bool = False,
    **changed: Any,
) -> Synthesized:
    """The API of `iot-prod` with `changed` settings, and what of it is in force, in one stack.

    Its schemas are read unless they are given.
    """
    api = settings(**changed)
    named = sorted({route.request_schema for route in api.routes if route.request_schema})

    def build(scope: Construct) -> None:
        here = place(
            names=Naming("iot", "prod", suffix),
            account=Account("222222222222", "ca-central-1"),
            log_retention_days=365,
            logs_key_arn="arn:aws:kms:ca-central-1:222222222222:key/logs",
        )
        made = Api(
            scope,
            "api",
            settings=api,
            schemas=copy.deepcopy(schemas) if schemas else {name: api_schemas.read("iot", name) for name in named},
            base_url=base_url,
            load_balancer_arn=load_balancer_arn,
            place=here,
            behind_cloudfront=behind_cloudfront,
        )
        published = PublishedApi(scope, "published", settings=api, api=made, names=here.names)
        TerraformOutput(scope, "url", value=published.url)

    return synthesize_module(build)


def keys_and_places(synthesized: Synthesized) -> tuple[dict[str, dict[str, Any]], list[dict[str, Any]]]:
    """Properties of the clients' keys, by the reference to their ids; and of their places in usage plans."""
    keys, places = {}, []
    for id_, stack in synthesized.json.get("resource", {}).get("aws_cloudformation_stack", {}).items():
        # Where key and plan are in one state, the text has a reference with quotation marks that is no JSON yet.
        text = stack["template_body"].replace('["KeyId"]', ".KeyId")
        (made,) = json.loads(text)["Resources"].values()
        if made["Type"] == "AWS::ApiGateway::ApiKey":
            keys[f"${{aws_cloudformation_stack.{id_}.outputs.KeyId}}"] = made["Properties"]
        else:
            assert made["Type"] == "AWS::ApiGateway::UsagePlanKey"
            places.append(made["Properties"])
    return keys, places
