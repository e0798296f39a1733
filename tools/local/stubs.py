"""What the JSON of an environment names in its account, and none of its stacks makes.

Functions behind routes and authorizers, certificates, Cognito pools, secrets of the service and the zone of the API's
domain are made by others, before the platform. On an embedded AWS nobody has made them, so that they stand there as
stubs: `tools.local.emulator.stubs` makes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tools.synthesized.stacks import Stack

# The ARNs of what can be named, wherever they stand: alone, in a policy, or in a URI of API Gateway. One that goes on
# with a "*" is a pattern. A secret's is that of the secret, without the key in it that ECS hands out.
_ARN = re.compile(
    r"arn:aws[a-z-]*:(?:"
    r"lambda:[a-z0-9-]+:(?P<function>\d{12}):function:(?P<name>[\w-]+)(?::[\w-]+)?"
    r"|acm:[a-z0-9-]+:(?P<certificate>\d{12}):certificate/[0-9a-f-]{36}"
    r"|cognito-idp:[a-z0-9-]+:(?P<pool>\d{12}):userpool/[\w-]+"
    r"|secretsmanager:[a-z0-9-]+:(?P<secret>\d{12}):secret:[\w/+=.@-]+-[A-Za-z0-9]{6}"
    r")(?![\w-]|:?\*)"
)


def named(stacks: Iterable[Stack], account_id: str) -> list[str]:
    """ARNs of all that has to exist, sorted; a zone's is followed by a space and a name that it may have."""
    configurations = [stack.configuration.get("resource", {}) for stack in stacks]
    own = {
        function["function_name"]
        for resources in configurations
        for function in resources.get("aws_lambda_function", {}).values()
    }
    found = {
        match[0]
        for resources in configurations
        for text in _texts(resources)
        for match in _ARN.finditer(text)
        if account_id in match.groupdict().values() and match["name"] not in own
    }
    for resources in configurations:
        for record in resources.get("aws_route53_record", {}).values():
            if not record["zone_id"].startswith("${"):
                found.add(f"arn:aws:route53:::hostedzone/{record['zone_id']} {record['name']}")
    return sorted(found)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
