"""Holds what was synthesized against the allow-list: whatever is not listed is a finding, and so is what is missing."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from tools.scan import words
from tools.scan.allowlist import EACH, OPTIONAL, VARIANTS, AllowList, allow_list
from tools.scan.lines import agree, filled, has_blocks, merged
from tools.scan.named_settings import text_of
from tools.scan.vocabulary import ANYTHING, VARYING, WILDCARD, Vocabulary
from tools.synthesized.platform import Platform
from tools.synthesized.resources import Finding, Resource
from tools.synthesized.values import parsed

# What the findings are called, for the reports.
CLAIMS = {
    "RESOURCE": "Resources are listed in tools/scan/allowed",
    "ARGUMENT": "Arguments are as listed in tools/scan/allowed",
    "STATEMENT": "Statements of policies are as listed in tools/scan/allowed",
    "BLOCK": "Providers, backends and data sources are as listed in tools/scan/allowed",
    "MISSING": "What is listed as required is there",
    "BESIDE": "What must be beside a resource is there",
    "PATH": "What is needed is reached through the network, and nothing else",
    "VALUE": "Values are such as AWS accepts",
}
_VERSION = "2012-10-17"
_LIST = re.compile(r"\{([a-z][\w.-]*\.[\w.-]+)\}")
# Lists whose order is of importance.
_ORDERED = ("container_definitions.command",)
Found = tuple[str, str]
"""Path and message."""


def findings(platform: Platform, allowed: AllowList | None = None) -> Iterator[Finding]:
    """All that is not as listed. A platform of which one resource was replaced is asked about that one only."""
    yield from _Comparison(platform, allowed or allow_list()).findings()


class _Comparison:
    def __init__(self, platform: Platform, allowed: AllowList) -> None:
        self._platform = platform
        self._allowed = allowed
        self._words = Vocabulary(platform, allowed.listed)
        self._stack = self._table = self._prefix = ""
        self._ids = Counter((r.stack, r.type, self._words.own_id(r.id)) for r in platform.resources)

    def findings(self) -> Iterator[Finding]:
        for resource in self._platform.subjects:
            yield from self._resource(resource)
        if not 0 < len(self._platform.subjects) < len(self._platform.resources):
            for stack, content in self._platform.stacks.items():
                yield from self._blocks(stack, content)
        yield from self._missing()
        yield from self._beside()

    def _resource(self, resource: Resource) -> Iterator[Finding]:
        id_, captured = self._words.listed(resource.type, resource.id)
        address = f"{resource.type}.{id_}"
        if self._ids[resource.stack, resource.type, self._words.own_id(resource.id)] > 1:
            yield resource.finding("RESOURCE", f"there are two of {self._words.own_id(resource.id)}: remove one")
        where = f"tools/scan/allowed/{self._component(resource.stack)}.toml"
        condition = filled(self._allowed.resources.get(address), captured)
        if condition is None:
            line = f'{resource.type} = ["{id_}"]'
            yield resource.finding("RESOURCE", f"not allowed; where it is right add to [required] of {where}: {line}")
        elif captured not in {name or captured for name, _ in self._words.named(id_)}:
            yield resource.finding("RESOURCE", f"no setting asks for it: {id_}; see {self._allowed.file_of(address)}")
        elif condition not in ("required", "optional") and not self._words.holds(condition):
            there = self._allowed.file_of(address)
            yield resource.finding("RESOURCE", f"allowed only when {self._shown(condition)}; see {there}")
        known = resource.type in self._allowed.every
        self._table = f"[{'only' if known else 'every'}] of {where}"
        own = f"{resource.type}.{json.dumps(id_) if VARYING.search(id_) else id_}."
        self._prefix = own if known else f"{resource.type}."
        spec = filled(self._allowed.arguments(resource.type, address), captured)
        for path, message in self._compared(resource.stack, spec, resource.arguments):
            yield resource.finding("ARGUMENT", message, path)
        listed = filled(self._allowed.statements_of(resource.type, address), captured)
        for label, message in words.compared(self._words, resource, listed):
            line = message.replace(words.ADD, f"add to [statements] of {where}: {own}")
            yield resource.finding("STATEMENT", line, label)

    def _component(self, stack: str) -> str:
        return "bootstrap" if stack.startswith("bootstrap-") else stack.removeprefix(f"{self._platform.name}-")

    def _blocks(self, stack: str, content: Mapping[str, Any]) -> Iterator[Finding]:
        known = {key: value for key, value in content.items() if key not in ("resource", "//")}
        component = self._component(stack)
        both = (self._allowed.every.get("stack", {}), self._allowed.only.get(f"stack.{component}", {}))
        spec = filled(merged(*both), component)
        self._table, self._prefix = f"[every] of {self._allowed.file_of('stack')}", "stack."
        for path, message in self._compared(stack, spec, known):
            yield Finding("BLOCK", stack, path, message)

    def _missing(self) -> Iterator[Finding]:
        bootstrap = any(stack.startswith("bootstrap-") for stack in self._platform.stacks)
        for listed, when in self._allowed.resources.items():
            where = self._allowed.file_of(listed)
            if where.endswith("/bootstrap.toml") and not bootstrap:
                continue  # a short-lived copy has none of its own
            for name, address in self._words.named(listed):
                condition = filled(when, name)
                demanded = condition == "required" or (condition != "optional" and self._words.holds(condition))
                if demanded and address not in self._words.addresses(self._stack_of(where)):
                    message = f"must be there ({self._shown(condition)}): {where} demands it"
                    yield Finding("MISSING", self._platform.name, address, message)

    def _stack_of(self, file: str) -> str | None:
        """The stack whose file it is; None for what several have."""
        component = file.rpartition("/")[2].removesuffix(".toml")
        return next((stack for stack in self._platform.stacks if self._component(stack) == component), None)

    def _beside(self) -> Iterator[Finding]:
        for type_, wanted in self._allowed.beside.items():
            for resource in self._platform.all(type_):
                for line in wanted:
                    place, _, condition = line.partition(" when ")
                    other, _, argument = place.partition(".")
                    if condition and not self._words.holds(condition):
                        continue
                    if not self._platform.referring(resource, other, through=argument):
                        where = self._allowed.file_of(type_)
                        yield resource.finding("BESIDE", f"no {other} refers to it by {argument}; see {where}", line)

    # --- values

    def _compared(self, stack: str, spec: Mapping[str, Any], values: Mapping[str, Any]) -> Iterator[Found]:
        self._stack = stack
        yield from self._block(spec, values, "")

    def _block(self, spec: Mapping[str, Any], values: Mapping[str, Any], path: str) -> Iterator[Found]:
        """What is wrong by the variant that fits best."""
        common = {key: line for key, line in spec.items() if key != VARIANTS}
        variants = self._blocks_of(spec.get(VARIANTS, [{}])) or [{}]
        # What a resource's own line says of an argument chooses among the variants of its type.
        variants = [each for each in variants if agree(each, common)] or variants
        yield from min((list(self._table_of({**variant, **common}, values, path)) for variant in variants), key=len)

    def _table_of(self, spec: Mapping[str, Any], values: Mapping[str, Any], path: str) -> Iterator[Found]:
        spec = self._keys(spec, values)
        for key, value in values.items():
            place = f"{path}.{key}" if path else key
            if value is None or key == "//":
                continue
            if (line := spec.get(key)) is None:
                yield place, self._add(place, value)
            else:
                yield from self._value(line, value, place)
        for key, line in spec.items():
            if key not in (OPTIONAL, EACH) and values.get(key) is None and self._must(line):
                yield (f"{path}.{key}" if path else key), f"must be there: {self._shown(line)}"

    def _keys(self, spec: Mapping[str, Any], values: Mapping[str, Any]) -> Mapping[str, Any]:
        """The lines by the keys that `<setting>` and `**` in a key stand for here."""
        if not any(map(VARYING.search, spec)):
            return spec
        found: dict[str, Any] = {}
        for listed, line in spec.items():
            if WILDCARD in listed:
                expression = ".*".join(map(re.escape, listed.split(WILDCARD)))
                found |= {key: line for key in values if key not in spec and re.fullmatch(expression, key)}
            else:
                found |= {key: filled(line, name, "{key}") for name, key in self._words.named(listed)}
        return found

    def _value(self, spec: Any, value: Any, path: str) -> Iterator[Found]:
        if spec in (ANYTHING, f"{OPTIONAL} {ANYTHING}"):
            return
        if spec == "policy":
            document = parsed(value)
            known = isinstance(document, dict) and set(document) == {"Version", "Statement"}
            if not known or document["Version"] != _VERSION:
                yield path, f"must be a JSON document of Version {_VERSION} and Statement, for a reviewer to read"
            return
        if has_blocks(spec):
            blocks = self._blocks_of(spec)
            inner = parsed(value) if isinstance(value, str) else value
            items = inner if isinstance(inner, list) else [inner]
            if isinstance(spec, Mapping):
                if spec and inner in ([], {}):  # the same as nothing
                    yield from [(path, f"must be there: {self._shown(spec)}")] if self._must(spec) else []
                    return
                if isinstance(inner, list) and VARIANTS in spec:
                    number = len(self._blocks_of(spec[VARIANTS]))
                    names = {str(item.get("name")) for item in items if isinstance(item, Mapping)}
                    if not number == len(items) == len(names):
                        yield path, f"there must be {number}, each of another name"
                for item in items:
                    if isinstance(item, Mapping) and self._allows_block(spec):
                        yield from self._block(spec, item, path)
                    else:
                        yield path, self._add(path, item)
            else:
                yield from self._one_of(blocks, items, path)
            return
        patterns = [(pattern, must) for pattern, must in self._pieces(spec)]
        items = value if isinstance(value, list) else [value]
        if isinstance(value, list) and len(patterns) == 1 and (name := _LIST.fullmatch(str(patterns[0][0]))):
            wanted = self._words.items(name[1])
            if (wanted and sorted(map(str, value)) != sorted(wanted)) or (
                wanted and path in _ORDERED and wanted != value
            ):
                yield path, f"must be the items of the setting {name[1]}: {', '.join(wanted)}"
        for item in items:
            normal = None if isinstance(item, Mapping | list) else self._words.normal(self._stack, item)
            if normal is None or not any(self._words.matches(pattern, normal) for pattern, _ in patterns):
                yield path, f"{self._line(path, item)} is not as listed: {self._shown(spec)}; {self._add(path, value)}"
        demanded = [text for pattern, must in patterns if must for _, text in self._words.named(text_of(pattern))]
        for text in demanded if isinstance(value, list) else ():
            if not any(self._words.matches(text, self._words.normal(self._stack, item)) for item in items):
                yield path, f"must hold {self._shown(text)}"

    def _one_of(self, blocks: list[Mapping[str, Any]], items: list[Any], path: str) -> Iterator[Found]:
        unmet = [block for block in blocks if self._must(block)]
        for at, item in enumerate(items):
            if item in items[:at]:
                yield path, f"is there twice: {self._line(path, item)}"
            tried = blocks if isinstance(item, Mapping) else []
            fitting = [
                block for block in tried if self._allows_block(block) and not any(self._block(block, item, path))
            ]
            if not fitting:
                yield path, self._add(path, item)
            unmet = [block for block in unmet if block not in fitting]
        for block in unmet:
            yield path, f"must hold {self._shown(block)}"

    def _blocks_of(self, spec: Any) -> list[Mapping[str, Any]]:
        """All blocks of a line: of one for each item of a setting as many as it has items."""
        found: list[Mapping[str, Any]] = []
        for block in spec if isinstance(spec, list) else [spec]:
            rest = {key: line for key, line in block.items() if key != EACH}
            if EACH not in block:
                found.append(rest)
                continue
            for item in self._words.names(block[EACH]):
                found.append(filled(filled(rest, f"{{{block[EACH]}.{item}.", "{each."), item, "{each}"))
        return found

    def _pieces(self, spec: Any) -> Iterator[tuple[Any, bool]]:
        """(pattern, whether it must be there) of a line, without what its condition rules out here."""
        for item in spec if isinstance(spec, list) else [spec]:
            pattern, _, condition = item.partition(" when ") if isinstance(item, str) else (item, "", "")
            if condition and not self._words.holds(condition):
                continue
            optional = isinstance(pattern, str) and pattern.startswith(f"{OPTIONAL} ")
            yield (pattern[2:] if optional else pattern), not optional

    def _allows_block(self, block: Mapping[str, Any]) -> bool:
        condition = block.get(OPTIONAL)
        return not isinstance(condition, str) or self._words.holds(condition)

    def _must(self, line: Any) -> bool:
        if has_blocks(line):
            return any(
                block.get(OPTIONAL) is None or (isinstance(block[OPTIONAL], str) and self._allows_block(block))
                for block in self._blocks_of(line)
            )
        return any(must for _, must in self._pieces(line))

    # --- messages

    def _add(self, path: str, value: Any) -> str:
        """The exact line that would allow it, and where it goes."""
        return f"not allowed; where it is right add to {self._table}: {self._prefix}{self._line(path, value)}"

    def _line(self, path: str, value: Any) -> str:
        keys = (part if re.fullmatch(r"[\w-]+", part) else json.dumps(part) for part in path.split("."))
        return f"{'.'.join(keys)} = {self._toml(value)}"

    def _toml(self, value: Any) -> str:
        if isinstance(value, Mapping):
            return "{" + ", ".join(f"{json.dumps(key)} = {self._toml(item)}" for key, item in value.items()) + "}"
        if isinstance(value, list):
            return "[" + ", ".join(map(self._toml, value)) + "]"
        if isinstance(value, str):
            return json.dumps(self._words.line(self._words.normal(self._stack, value)))
        return text_of(value)

    def _shown(self, spec: Any) -> str:
        """A line for a message, with the values of the settings that it names."""
        text = spec if isinstance(spec, str) else json.dumps(spec)
        settings = [key for key in self._words.settings if "." in key and f"{{{key}}}" in text]
        values = ", ".join(f"{key} is {' or '.join(sorted(self._words.settings[key])) or 'unset'}" for key in settings)
        return text + (f" (the setting {values})" if values else "")
