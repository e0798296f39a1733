"""Every value against what AWS says of it (`models.py`), before anything is deployed.

A resource becomes one of a CloudFormation template, which cfn-lint judges with its own rules: classes of instances by
region, versions of engines, schedules. What the call itself demands is asked of botocore's model, value by value.
References are known only once they are deployed; what must be there, and of which type, Terraform itself says.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from jsonschema import Draft7Validator  # type: ignore[import-untyped]

from tools.scan.models import Model, Schema, models, way
from tools.synthesized.errors import SynthesisError
from tools.synthesized.platform import Platform
from tools.synthesized.resources import Finding, Resource
from tools.synthesized.values import parsed

_OF_TERRAFORM = {"lifecycle", "depends_on", "provider", "provisioner", "timeouts"}
SAID = {"enum", "pattern", "minLength", "maxLength", "minimum", "maximum"}
"""What a model says of a single value."""
# How many resources a template may have; identifiers that are unique once their references are known.
_NOT_ASKED = ["W", "I", "E3010", "E3019"]
Place = tuple[str | int, ...]


@dataclass
class Translation:
    """A resource in the words of a model: its properties, and of each value the argument and what is said of it."""

    resource: Resource
    model: Model
    properties: dict[str, Any] = field(init=False)
    values: dict[Place, tuple[str, object, Schema]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        own = {key: value for key, value in self.resource.arguments.items() if key not in _OF_TERRAFORM}
        self.properties = self._block(own, self.model.start, "", ())

    def _block(self, values: Mapping[str, Any], schema: Schema, path: str, place: Place) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in values.items():
            argument = f"{path}.{key}".removeprefix(".")
            parts = way(self.model, schema, key, self.resource.type, plain(argument))
            if parts is None or _is_unknown(value):
                continue
            target, within, at = found, schema, place
            for part in parts[:-1]:  # blocks, and lists of one block
                within = self.model.resolved(self.model.properties(within)[part])
                target, at = target.setdefault(part, [{}] if "items" in within else {}), (*at, part)
                if "items" in within:
                    target, within, at = target[0], within["items"], (*at, 0)
            if parts:
                schema_of = self.model.properties(within)[parts[-1]]
                target[parts[-1]] = self._value(value, schema_of, argument, (*at, parts[-1]))
            elif isinstance(value, Mapping):
                found |= self._block(value, schema, argument, place)
            else:  # several of what the model has one of
                for n, inner in enumerate(value):
                    self._block(inner, schema, f"{argument}.{n}", (*place, argument, n))
        return found

    def _value(self, value: Any, schema: Schema, path: str, place: Place) -> Any:
        schema = self.model.resolved(schema)
        types, items = schema.get("type", ()), schema.get("items")
        properties = self.model.properties(schema)
        if ("object" in types or "array" in types) and parsed(value) is not None:
            value = parsed(value)
        if isinstance(value, Mapping) and items:
            pair = self.model.properties(items)
            if set(pair) not in ({"Key", "Value"}, {"Name", "Value"}):
                return [self._value(value, items, path, (*place, 0))]
            pairs = enumerate((key, each) for key, each in value.items() if not _is_unknown(each))
            of = pair["Value"]
            return [
                {min(pair): key, "Value": self._value(each, of, f"{path}.{key}", (*place, n, "Value"))}
                for n, (key, each) in pairs
            ]
        if isinstance(value, list) and properties and not items:
            value = value[0] if len(value) == 1 else {}
        if isinstance(value, list):
            known = [(f"{path}.{n}", each) for n, each in enumerate(value) if not _is_unknown(each)]
            return [self._value(each, items or schema, of, (*place, n)) for n, (of, each) in enumerate(known)]
        if isinstance(value, Mapping):
            if properties:
                return self._block(value, schema, path, place)
            inner = {key: each for key, each in value.items() if not _is_unknown(each)}
            return {key: self._value(each, {}, f"{path}.{key}", (*place, key)) for key, each in inner.items()}
        self.values[place] = (path, value, schema)
        return _typed(value, types)


def _is_unknown(value: object) -> bool:
    """Nothing, or a text with a reference in it, but for documents, which have more."""
    return value is None or (isinstance(value, str) and "${" in value and parsed(value) is None)


def plain(path: str) -> str:
    """The path of an argument without the numbers of blocks."""
    return re.sub(r"\.\d+(?=\.|$)", "", path)


def _typed(value: Any, types: Any) -> Any:
    """Terraform writes `"443"` where CloudFormation wants 443, and the other way round."""
    if isinstance(value, str) and types and "string" not in types:
        return int(value) if re.fullmatch(r"-?\d+", value) else {"true": True, "false": False}.get(value, value)
    return json.dumps(value) if types == "string" and not isinstance(value, str) else value


def translations(platform: Platform) -> Iterator[tuple[str, Translation]]:
    """(region, translation) of each resource into each of its models."""
    for resource in platform.subjects:
        providers = platform.stacks[resource.stack]["provider"]["aws"]
        for model in models(resource.type, providers[0]["region"]):
            yield providers[0]["region"], Translation(resource, model)


def run(platforms: Iterable[Platform]) -> list[Finding]:
    """What AWS would refuse."""
    # What is the same in several environments is asked once.
    alike: dict[str, dict[str, list[Translation]]] = defaultdict(lambda: defaultdict(list))
    found: list[Finding] = []
    for region, translation in (each for platform in platforms for each in translations(platform)):
        if translation.model.is_type:
            body = {"Type": translation.model.name, "Properties": translation.properties}
            alike[region][json.dumps(body, sort_keys=True)].append(translation)
        else:
            found += _of_call(translation)
    for region, bodies in alike.items():
        found += _of_types(region, bodies)
    return found


def _of_call(translation: Translation) -> Iterator[Finding]:
    for argument, value, schema in translation.values.values():
        said = {} if isinstance(value, bool) else {key: schema[key] for key in SAID & schema.keys()}
        for error in Draft7Validator(said).iter_errors(_typed(value, schema.get("type", ()))) if said else ():
            yield _finding(translation, argument, value, error.message)


def _of_types(region: str, bodies: Mapping[str, list[Translation]]) -> Iterator[Finding]:
    from cfnlint.api import lint  # a second to import
    from cfnlint.config import ManualArgs

    named = {f"R{number}": body for number, body in enumerate(bodies)}
    resources = {name: json.loads(body) for name, body in named.items()}
    template = json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources})
    for match in lint(template, config=ManualArgs(regions=[region], ignore_checks=_NOT_ASKED)):
        if len(match.path) < 2:
            raise SynthesisError(f"cfn-lint cannot read what was translated: {match.message}")
        for translation in bodies[named[match.path[1]]]:
            # What is said of a whole block is about what it lacks, which a reference or Terraform may have.
            if known := translation.values.get(tuple(match.path[3:])):
                yield _finding(translation, known[0], known[1], f"{match.message} (cfn-lint {match.rule.id})")


def _finding(translation: Translation, argument: str, value: object, message: str) -> Finding:
    shown, said = (
        text if len(text) < 160 else f"{text[:75]} ... {text[-75:]}" for text in (json.dumps(value), message)
    )
    text = f"{argument} = {shown} is refused by {translation.model.name}: {said}"
    return translation.resource.finding("VALUE", text, plain(argument))
