"""What the JSON of an environment names in its account, and none of its stacks makes.

Functions behind routes and authorizers, certificates and the zone of the API's domain are made by others, before the
platform. On an embedded AWS nobody has made them, so that they stand there as stubs: `tools.local.emulator.stubs` makes
them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tools.synthesized.stacks import Stack

# The ARNs of what can be named, wherever they stand: alone, in a policy, or in a URI of API Gateway. One that goes on
# with a "*" is a pattern.
_ARN = re.compile(
    r"arn:aws[a-z-]*:(?:"
    r"lambda:[a-z0-9-]+:(?P<function>\d{12}):function:(?P<name>[\w-]+)(?::[\w-]+)?"
    r"|acm:[a-z0-9-]+:(?P<certificate>\d{12}):certificate/[0-9a-f-]{36}"
    r")(?![\w-]|:?\*)"
)


def named(stacks: Iterable[Stack], account_id: str) -> list[str]:
    """ARNs of all that has to exist, sorted; a zone's is followed by a space and a name that it may have."""
    configurations = [stack.configuration.get("resource", {}) for stack in stacks]

    def each(type_: str) -> Iterator[Mapping[str, Any]]:
        return (made for resources in configurations for made in resources.get(type_, {}).values())

    own = {function["function_name"] for function in each("aws_lambda_function")}
    found = {
        match[0]
        for match in _ARN.finditer(json.dumps(configurations))
        if account_id in match.groupdict().values() and match["name"] not in own
    }
    for record in each("aws_route53_record"):
        if not record["zone_id"].startswith("${"):
            found.add(f"arn:aws:route53:::hostedzone/{record['zone_id']} {record['name']}")
    return sorted(found)
