"""Makes the good JSON worse: every argument of every resource removed, flipped, widened or pointed elsewhere.

Deterministic: no choice is left to chance, so the same JSON gives the same mutants in the same order.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tools.synthesized.resources import Resource, Statement
from tools.synthesized.values import leaves, parsed

# Not what a resource is, but when Terraform makes it, and for how long it tries.
_ORDER = {"depends_on", "timeouts", "provider", "count", "for_each"}
# JSON that is only looked at.
_DISPLAYED = {"dashboard_body"}
_FOREIGN = "arn:aws:iam::999999999999:root"
_WORLD = "0.0.0.0/0"
_CIDR = re.compile(r"\d+\.\d+\.\d+\.\d+/\d+")
# The weaker of two words that AWS takes.
_WEAKER = {
    "ALL": "REJECT", "AWS_IAM": "NONE", "Active": "PassThrough", "BucketOwnerEnforced": "ObjectWriter",
    "COGNITO_USER_POOLS": "NONE", "CUSTOM": "NONE", "ENABLED": "DISABLED", "ERROR": "OFF", "Enabled": "Suspended",
    "FARGATE": "EC2", "HTTPS": "HTTP", "IMMUTABLE": "MUTABLE", "INFO": "OFF", "KMS": "AES256", "REGIONAL": "EDGE",
    "TLS": "TCP", "TLS_1_2": "TLS_1_0", "VPC_LINK": "INTERNET", "aws:kms": "AES256", "awsvpc": "host", "ddl": "none",
    "enabled": "disabled", "enhanced": "disabled", "iam": "password", "off -@all": "on ~* +@all",
    "on ~* &* +@all -@dangerous +info": "on ~* &* +@all", "python3.13": "python3.8", "required": "preferred",
    "scram-sha-256": "md5", "tcp": "-1", "ELBSecurityPolicy-TLS13-1-2-2021-06": "ELBSecurityPolicy-2016-08",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Mutant:
    """`resource` made worse at `path` by `operation`; `changed` is what it became, None where it is gone."""

    resource: Resource
    path: str
    operation: str
    changed: Resource | None


def mutants(resource: Resource) -> Iterator[Mutant]:
    """Every mutant of one resource."""
    yield Mutant(resource, "", "removed", None)
    seen: set[str] = set()
    for path, value in leaves(resource.arguments):
        if path[0] in _ORDER or value is None or _again(path):
            continue
        document = parsed(value)
        if isinstance(document, dict) and isinstance(document.get("Statement"), list):
            continue
        # Blocks go as a whole, too, once each.
        for depth in range(1, len(path)):
            place = _shown(path[:depth])
            if place not in seen:
                seen.add(place)
                yield _mutant(resource, path[:depth], "removed")
        yield _mutant(resource, path, "removed")
        if document is not None and path[0] not in _DISPLAYED:
            yield from _inside(resource, path, document)
        elif document is None:
            for operation, worse in _worse(value):
                yield _mutant(resource, path, operation, worse)
    for statement in resource.statements:
        yield from _statement(statement)


def _again(path: tuple[str | int, ...]) -> bool:
    """One item of a list of plain values stands for all."""
    return isinstance(path[-1], int) and path[-1] > 0


def _worse(value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, bool):
        yield "flipped", not value
    elif value in ("true", "false"):
        yield "flipped", "false" if value == "true" else "true"
    elif isinstance(value, int | float):
        yield "lowered", 0
        yield "raised", max(value, 1) * 1000
    elif isinstance(value, str):
        if value in _WEAKER:
            yield "flipped", _WEAKER[value]
        elif "${" in value or value.startswith("arn:"):
            yield "foreign", _FOREIGN
        elif _CIDR.fullmatch(value) and value != _WORLD:
            yield "widened", _WORLD
        elif value.isdecimal():
            yield "lowered", "0"


def _inside(resource: Resource, path: tuple[str | int, ...], document: object) -> Iterator[Mutant]:
    """The same within a text that is JSON, such as the containers of a task."""
    for inner, value in leaves(document):
        if not inner or _again(inner):
            continue
        for operation, worse in (("removed", _GONE), *_worse(value)):
            changed = _with(resource.values, path, json.dumps(_with(document, inner, worse)))
            yield Mutant(
                resource,
                f"{_shown(path)}:{_shown(inner)}",
                operation,
                _replaced(resource, _with(resource.values, path, changed)),
            )


_GONE = object()


def _with(values: Any, path: tuple[str | int, ...], worse: object) -> Any:
    """A copy with another value under `path`, or without it."""
    changed = copy.deepcopy(values)
    holder = changed
    for part in path[:-1]:
        holder = holder[part]
    if worse is _GONE:
        del holder[path[-1]]
    else:
        holder[path[-1]] = worse
    return changed


def _replaced(resource: Resource, values: Mapping[str, Any]) -> Resource:
    return Resource(resource.stack, resource.type, resource.id, dict(values))


def _mutant(resource: Resource, path: tuple[str | int, ...], operation: str, worse: object = _GONE) -> Mutant:
    return Mutant(resource, _shown(path), operation, _replaced(resource, _with(resource.values, path, worse)))


def _shown(path: tuple[str | int, ...]) -> str:
    """Without numbers: what holds for one of a list holds for all."""
    return ".".join(part for part in path if isinstance(part, str))


def _statement(statement: Statement) -> Iterator[Mutant]:
    changes = _weaker_grant(statement) if statement.allows else _weaker_denial(statement)
    for place, operation, bodies in changes:
        document = copy.deepcopy(parsed(_text(statement)))
        document["Statement"][statement.index : statement.index + 1] = bodies
        path = tuple(statement.attribute.split("."))
        numbered = tuple(int(part) if part.isdecimal() else part for part in path)
        changed = _with(statement.resource.values, numbered, json.dumps(document))
        yield Mutant(
            statement.resource,
            f"{_shown(numbered)}:{statement.label}.{place}".rstrip("."),
            operation,
            _replaced(statement.resource, changed),
        )


def _text(statement: Statement) -> str:
    found: Any = statement.resource.values
    for part in statement.attribute.split("."):
        found = found[int(part) if part.isdecimal() else part]
    return str(found)


Change = tuple[str, str, list[dict[str, Any]]]


def _weaker_grant(statement: Statement) -> Iterator[Change]:
    body = statement.body
    services = sorted({action.split(":")[0] for action in statement.actions})
    yield "Action", "widened", [{**body, "Action": [f"{service}:*" for service in services]}]
    yield "Action", "every", [{**body, "Action": "*"}]
    if "Resource" in body and statement.resources != ["*"]:
        yield "Resource", "widened", [{**body, "Resource": "*"}]
    if "Principal" in body:
        if body["Principal"] not in ("*", {"AWS": "*"}):
            yield "Principal", "widened", [{**body, "Principal": "*"}]
        yield "Principal", "foreign", [{**body, "Principal": {"AWS": _FOREIGN}}]
    yield from _conditions(body, ("removed", "negated", "widened"))


def _weaker_denial(statement: Statement) -> Iterator[Change]:
    body = statement.body
    yield "", "removed", []
    yield "", "flipped", [{**body, "Effect": "Allow"}]
    yield "Action", "narrowed", [{**body, "Action": statement.actions[1:] or ["none:None"]}]
    if "*" not in statement.resources or statement.resource.type != "aws_iam_role_policy":
        yield "Resource", "narrowed", [{**body, "Resource": statement.resources[1:] or [_FOREIGN]}]
    if "Principal" in body:
        yield "Principal", "narrowed", [{**body, "Principal": {"AWS": _FOREIGN}}]
    yield from _conditions(body, ("negated", "widened"))


def _conditions(body: Mapping[str, Any], operations: tuple[str, ...]) -> Iterator[Change]:
    without = {key: value for key, value in body.items() if key != "Condition"}
    for operator, keys in body.get("Condition", {}).items():
        for key, value in keys.items():
            rest = copy.deepcopy(body["Condition"])
            del rest[operator][key]
            negated = operator.replace("Not", "") if "Not" in operator else re.sub(r"^(String|Arn)", r"\1Not", operator)
            turned = {"true": "false", "false": "true"}.get(value, "*") if isinstance(value, str) else "*"
            changed = {
                "removed": rest,
                "negated": {**rest, negated: {**rest.get(negated, {}), key: value}},
                "widened": {**rest, operator: {**rest[operator], key: turned}},
            }
            for operation in operations:
                if operation != "negated" or negated != operator:
                    condition = {found: keys for found, keys in changed[operation].items() if keys}
                    yield (
                        f"Condition.{key}",
                        operation,
                        [{**without, **({"Condition": condition} if condition else {})}],
                    )
