"""What stands around a REST API: who calls it, and what it asks outside of the platform."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from tools.pages.diagram.model import Box
from tools.synthesized.platform import Platform
from tools.synthesized.references import texts
from tools.synthesized.resources import Resource

# An ARN that a setting names; what a stack makes is referred to instead.
_FUNCTION = re.compile(r"arn:[\w-]+:lambda:[\w-]+:\d{12}:function:[\w-]+(?::[\w-]+)?")
_POOL = re.compile(r"arn:[\w-]+:cognito-idp:[\w-]+:\d{12}:userpool/[\w-]+")


def own(platform: Platform, api: Resource, *types: str) -> list[Resource]:
    """The parts of an API that are of these types."""
    parts = platform.all(*types)
    return [part for part in parts if api in platform.referred(part.stack, part.values.get("rest_api_id"))]


def methods(platform: Platform, api: Resource) -> list[Resource]:
    """The methods of an API, but for those that tell a browser whether it may ask."""
    found = own(platform, api, "aws_api_gateway_method")
    return [method for method in found if method.values["http_method"] != "OPTIONS"]


def clients(platform: Platform, api: Resource) -> tuple[str, ...]:
    """What the API asks of those who call it."""
    everything = methods(platform, api)
    keyed = [method for method in everything if method.values.get("api_key_required")]
    logins = [method for method in everything if method.values.get("authorization") != "NONE"]
    return tuple(
        f"{'each' if len(found) == len(everything) else 'some'} with {what}"
        for found, what in ((keyed, "a key"), (logins, "a login"))
        if found
    )


def outside(platform: Platform, api: Resource) -> Iterator[tuple[Box, str]]:
    """Everything that the API calls and no stack makes, each once, with the words beside its arrow."""
    why: dict[str, list[str]] = defaultdict(list)
    for integration in own(platform, api, "aws_api_gateway_integration"):
        for arn in _FUNCTION.findall(str(integration.values.get("uri"))):
            why[arn].append("calls")
    for authorizer in own(platform, api, "aws_api_gateway_authorizer"):
        text = " ".join(texts(authorizer.values))
        for arn in (*_FUNCTION.findall(text), *_POOL.findall(text)):
            why[arn].append(f"authorizer {authorizer.values['name']}")
    for arn, reasons in why.items():
        title = "Lambda function" if _FUNCTION.fullmatch(arn) else "Cognito user pool"
        name = re.split(r":function:|userpool/", arn)[1]
        yield Box(arn, title, name, ("not made here",)), ", ".join(dict.fromkeys(reasons))
