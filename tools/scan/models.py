"""What AWS says the values of a resource may be: the schema of its CloudFormation type, as cfn-lint has it for the
region, and the model of the call that makes it, as botocore has it.

Both are found by the names of the resource type and of its arguments; what the names do not say is in `models.toml`.
"""

from __future__ import annotations

import gzip
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import botocore

Schema = Mapping[str, Any]
_BOTOCORE = Path(botocore.__file__).parent
# Its data are read without its code, whose import takes a second.
_CFN_LINT = _BOTOCORE.parent / "cfnlint" / "data" / "schemas"
# The first is taken, where several calls are named alike.
_VERBS = ("Create", "Put", "Register", "Set", "Add", "Associate", "Allocate", "Update", "Start", "Invoke")
_UNITS = ("indays", "seconds", "days", "hours")
_ENDINGS = ("s", "es", "list", "document", "name", "type", "configuration")
_TYPES = {"structure": "object", "map": "object", "list": "array", "boolean": "boolean", "integer": "integer",
          "long": "integer", "float": "number", "double": "number"}  # fmt: skip


@dataclass(frozen=True)
class Model:
    """`AWS::SQS::Queue` with its schema, or `sqs:CreateQueue` with botocore's shapes; `start` is where it begins."""

    name: str
    root: Schema
    start: Schema

    @property
    def is_type(self) -> bool:
        """A CloudFormation type, which cfn-lint can judge as a whole."""
        return self.name.startswith("AWS::") and "#" not in self.name

    def resolved(self, schema: Schema) -> Schema:
        """A schema without what it refers to; a shape of botocore as the schema that it means."""
        while "$ref" in schema:
            target: Any = self.root
            for part in schema["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            schema = {**target, **{key: value for key, value in schema.items() if key != "$ref"}}
        return _of_shape(self.root["shapes"][schema["shape"]]) if "shape" in schema else schema

    def properties(self, schema: Schema) -> dict[str, Schema]:
        """All properties, those of alternatives, too."""
        schema = self.resolved(schema)
        found = dict(schema.get("properties", {}))
        for alternative in (each for key in ("allOf", "anyOf", "oneOf") for each in schema.get(key, ())):
            found = {**self.properties(alternative), **found}
        return found

    def has(self, schema: Schema, way: list[str]) -> bool:
        """Whether a way of properties exists; of a list it leads into the items."""
        if not way:
            return True
        inner = self.resolved(self.properties(schema).get(way[0], {}))
        return bool(inner) and self.has(inner.get("items", inner), way[1:])


def _of_shape(shape: Schema) -> Schema:
    type_ = _TYPES.get(shape["type"], "string")
    if type_ in ("object", "array"):
        return {"type": type_, "items": shape["member"]} if "member" in shape else {
            "type": type_, "properties": shape.get("members", {})}  # fmt: skip
    least, most = ("minLength", "maxLength") if type_ == "string" else ("minimum", "maximum")
    said = {least: shape.get("min"), most: shape.get("max"), "enum": shape.get("enum")}
    said["pattern"] = _whole(shape["pattern"]) if "pattern" in shape else None
    return {"type": type_, **{key: value for key, value in said.items() if value is not None}}


@cache
def _whole(pattern: str) -> str | None:
    """AWS demands that the whole value matches; None where the pattern says what Python's cannot."""
    try:
        return re.compile(f"^(?:{pattern})$").pattern
    except re.error:
        return None


@cache
def _table() -> dict[str, dict[str, Any]]:
    return tomllib.loads(Path(__file__).with_name("models.toml").read_text(encoding="utf-8"))


@lru_cache(maxsize=1024)
def models(type_: str, region: str) -> tuple[Model, ...]:
    """The models of a resource type in a region; none where no name fits."""
    listed = _table()["models"].get(type_)
    return tuple(_model(name, region) for name in (_by_name(type_, region) if listed is None else listed))


def _by_name(type_: str, region: str) -> Iterator[str]:
    name = _plain(type_.removeprefix("aws_"))
    services = _table()["services"]
    prefix = max((key for key in services if type_.startswith(f"aws_{key}_")), key=len, default="")
    cloudformation, service = services.get(prefix, ("EC2", "ec2"))
    types = [each for each in _types(region) if each.startswith(f"AWS::{cloudformation}::")]
    fitting = {each: len(each) for each in types if name.endswith(_plain(each.rpartition("::")[2]))}
    if fitting:
        yield max(fitting, key=lambda each: fitting[each])
    calls = {
        call: (len(tail), -order)
        for order, verb in enumerate(_VERBS)
        for call in _service(service)["operations"]
        if call.startswith(verb) and (tail := _plain(call.removeprefix(verb)).removesuffix("s"))
        if name.removesuffix("s").endswith(tail)
    }
    if calls:
        yield f"{service}:{max(calls, key=lambda call: calls[call])}"


def _model(name: str, region: str) -> Model:
    whole, _, member = name.partition("#")
    if whole.startswith("AWS::"):
        root = start = _json(_CFN_LINT / "resources" / f"{_types(region)[whole]}.json")
    else:
        service, _, call = whole.partition(":")
        root = _service(service)
        start = root["operations"][call].get("input", {})
    model = Model(name, root, start)
    for part in filter(None, member.split(".")):
        start = model.resolved(model.properties(start)[part])
        start = start.get("items", start)
    return Model(name, root, start)


@cache
def _types(region: str) -> dict[str, str]:
    """Type -> its schema in a region; what a region does not have, or cfn-lint does not know of it, is as elsewhere."""
    files = (_CFN_LINT / "providers" / f"{name}.json" for name in ("us-east-1", region))
    return {type_: schema for file in files if file.is_file() for type_, schema in _json(file).items()}


@cache
def _service(name: str) -> dict[str, Any]:
    newest = max((_BOTOCORE / "data" / name).iterdir())
    model: dict[str, Any] = json.loads(gzip.decompress((newest / "service-2.json.gz").read_bytes()))
    return model


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def way(model: Model, within: Schema, key: str, type_: str, path: str) -> list[str] | None:
    """The way from a schema to the property that an argument means; empty for the same place, None for none."""
    names = model.properties(within)
    listed = _table()["arguments"].get(type_, {})
    owner = _plain(path.rpartition(".")[0].rpartition(".")[2] or type_)
    if path in listed:
        ways = ([part for part in text.split(".") if part] for text in _several(listed[path]))
        return next((parts for parts in ways if model.has(within, parts)), None)
    if found := _named(_plain(key), names, owner):
        return [found]
    for outer in _several(listed.get("", [])) if "." not in path else ():
        if outer in names and (found := _named(_plain(key), model.properties(names[outer]), owner)):
            return [outer, found]
    return None


def _several(line: str | list[str]) -> list[str]:
    return [line] if isinstance(line, str) else line


def _plain(name: str) -> str:
    """`DBSubnetGroupName` and `db_subnet_group_name` are the same name."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _named(own: str, names: Mapping[str, Schema], owner: str) -> str | None:
    by = {_plain(name): name for name in names}
    short = next((own.removesuffix(unit) for unit in _UNITS if own.endswith(unit)), own)
    for name in (own, *(own + ending for ending in _ENDINGS), own.removesuffix("s"), f"{own[:-1]}ies", short):
        if name in by:
            return by[name]
    # `name` of a queue is its QueueName, `node_type` of a cache its CacheNodeType.
    longer = sorted((name for name in by if name.endswith(own)), key=len)
    fitting = [name for name in longer if name.removesuffix(own).removeprefix("db").removeprefix("cache") in owner]
    return by[(fitting or longer)[0]] if fitting or (longer and len(own) > 7) else None
