"""How a line of the allow-list is read in one environment: which texts `{account}`, `{logs.retention_days}` or
`{aws_kms_key.keys_data_key.arn}` mean there.

A line holds for every environment and every setting, so it names a setting instead of its value, and a resource by
its construct, without the hash that CDKTF adds, and with `<workers>` or `**` for what settings multiply.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property, lru_cache
from typing import Any

from tools.scan.named_settings import flat, keys_of, text_of
from tools.synthesized.platform import Platform
from tools.synthesized.references import REMOTE

_HASH = re.compile(r"_[0-9A-F]{8}$")
_ADDRESS = re.compile(r"\b([a-z][a-z0-9]*_[a-z0-9_]+)\.([A-Za-z][\w-]*)")
_NAME = re.compile(r"\{([\w.-]+)\}")
_BRACES = re.compile(r"\{([^{}]+)\}")
_NAMES = re.compile(r"<([\w.-]+)>")
_RANGE = re.compile(r"(-?[\d.]+)\.\.(-?[\d.]+)?")
_SWITCH = re.compile(r"(is|not) (\{[\w.-]+\})")
_PRODUCT = re.compile(r"\{[\w.-]+\}( x (\{[\w.-]+\}|[\d.]+))+")
WILDCARD = "**"
VARYING = re.compile(rf"{re.escape(WILDCARD)}|{_NAMES.pattern.replace('(', '(?:')}")
"""What of an id is not the same for all resources that the line lists."""
ANYTHING = "anything"

Ids = Callable[[str, str], tuple[str, str]]
"""(resource type, id without hash) -> the id as the allow-list writes it, and what its wildcard stands for."""


class Vocabulary:
    """The words of one environment."""

    def __init__(self, platform: Platform, ids: Ids) -> None:
        self._platform = platform
        self._ids = ids
        self._resources = {(r.stack, r.address): self.listed(r.type, r.id)[0] for r in platform.resources}
        project = str(platform.settings.get("project", ""))
        self.settings, self._below = flat(json.dumps(platform.settings), project)
        words = {"account": platform.account_id, "environment": platform.name, "region": self._region()}
        if "project" in self.settings:
            words["project"] = str(platform.settings["project"])
            words["ending"] = platform.name.removeprefix(words["project"] + "-")
        self._words = {name: word for name, word in words.items() if word}
        self._normal: dict[tuple[str, str], str] = {}
        # Platforms of which one resource was replaced have the same words.
        self._patterns = _patterns(json.dumps(platform.settings), *sorted(self._words.values()))

    def _region(self) -> str:
        regions = [
            text_of(block.get("region"))
            for content in self._platform.stacks.values()
            for block in content.get("provider", {}).get("aws") or []
        ]
        return str(self._platform.settings.get("region") or (regions or [""])[0])

    def listed(self, type_: str, id_: str) -> tuple[str, str]:
        """The id of a resource as the allow-list writes it, and what its wildcard stands for."""
        return self._ids(type_, _HASH.sub("", id_))

    def normal(self, stack: str, value: object) -> str:
        """A scalar with its references written as the allow-list writes them: `{aws_vpc.network_vpc.id}`."""
        text = text_of(value)
        if "${" not in text and "." not in text:
            return text
        if (stack, text) not in self._normal:
            self._normal[stack, text] = self._named(stack, text).replace("${", "{")
        return self._normal[stack, text]

    def _named(self, stack: str, text: str) -> str:
        def remote(match: re.Match[str]) -> str:
            output = self._platform.stacks.get(match[2], {}).get("output", {}).get(match[3], {}).get("value")
            if not isinstance(output, str):
                return match[0]
            inner = self._named(match[2], output)
            return inner[2:-1] if inner.startswith("${") and inner.endswith("}") else inner

        def local(match: re.Match[str]) -> str:
            # What refers to nothing matches no line. Which data sources there are is for `stack.data` to say.
            is_data = match.string[: match.start()].endswith("data.")
            is_unknown = match[1].startswith("aws_") and not is_data and (stack, match[0]) not in self._resources
            return f"unknown {match[0]}" if is_unknown else f"{match[1]}.{_HASH.sub('', match[2])}"

        named, end = [], 0
        for match in REMOTE.finditer(text):
            named += [_ADDRESS.sub(local, text[end : match.start()]), remote(match)]
            end = match.end()
        return "".join([*named, _ADDRESS.sub(local, text[end:])])

    def matches(self, pattern: object, normal: str) -> bool:
        """Whether the allow-list's `pattern` allows a value, given in its normal form."""
        if not isinstance(pattern, str):
            return text_of(pattern) == normal
        if pattern == ANYTHING:
            return True
        if switch := _SWITCH.fullmatch(pattern):
            return normal == text_of(self.holds(switch[2]) == (switch[1] == "is"))
        if _PRODUCT.fullmatch(pattern):
            return self._is_product(pattern.split(" x "), normal)
        if bounds := _RANGE.fullmatch(pattern):
            return _within(normal, float(bounds[1]), float(bounds[2] or "inf"))
        if pattern not in self._patterns:
            self._patterns[pattern] = re.compile(self._expression(pattern))
        return self._patterns[pattern].fullmatch(normal) is not None

    def _is_product(self, factors: list[str], normal: str) -> bool:
        """`{a} x {b} x 0.01`, cut off to a whole number or not."""
        product = 1.0
        for factor in factors:
            values = self.settings.get(factor[1:-1], set()) if factor.startswith("{") else {factor}
            if len(values) != 1:
                return False
            product *= float(next(iter(values)))
        return _within(normal, product - 1 if product > 100 else product * 0.999, product * 1.001)

    def _expression(self, pattern: str) -> str:
        expression = re.escape(pattern).replace(r"\*\*\*", ".*").replace(r"\*\*", r"(?:(?!\.\.)[^{}])*")

        def word(match: re.Match[str]) -> str:
            name = match[1].replace("\\", "")
            if name in self._words:
                return re.escape(self._words[name])
            if name in self.settings:
                return _any_of(self.settings[name])
            return match[0]

        expression = re.sub(r"\\\{([^{}]+?)\\\}", word, expression)
        return re.sub(r"<((?:\w|\\[.-])+)>", lambda match: _any_of(self.names(match[1].replace("\\", ""))), expression)

    def holds(self, condition: str) -> bool:
        """`{setting}` (set, and neither false nor 0), `{setting} = value`, `{setting} != value`, or a resource's type
        or address; several are joined by `and` and `or`.
        """
        return any(all(map(self._holds, each.split(" and "))) for each in condition.split(" or "))

    def _holds(self, condition: str) -> bool:
        name, operator, value = condition.partition(" != ") if " != " in condition else condition.partition(" = ")
        if not (setting := _NAME.fullmatch(name)):
            return any(condition in (address.partition(".")[0], address) for address in self._everything)
        values = self.settings.get(setting[1], set()) - {""}
        if operator:
            is_so = any(self.matches(value, text) for text in values) or not (value or values)
            return is_so == (operator == " = ")
        return bool(values - {"false", "0", "0.0"})

    def has_all_of(self, text: str) -> bool:
        """Whether every `{setting}` in the text is set, and every `{resource}` is there."""
        names = _BRACES.findall(text)
        return all(name in self._words or self._holds(f"{{{name}}}") or self._is_there(name) for name in names)

    def _is_there(self, reference: str) -> bool:
        return ".".join(reference.split(".")[:2]) in self._everything

    def names(self, setting: str) -> list[str]:
        """The keys of a table; the items of a list of texts, 1, 2, ... of a list of tables."""
        return sorted(self._below.get(setting, ()))

    def items(self, setting: str) -> list[str]:
        """The items of a list of texts, in their order; none of anything else."""
        value: Any = self._platform.settings
        for key in keys_of(setting, value):
            value = value.get(key) if isinstance(value, dict) else None
        is_list = isinstance(value, list) and all(isinstance(item, str) for item in value)
        return value if is_list else []

    def named(self, text: str) -> Iterator[tuple[str, str]]:
        """(name, text with it) for each name that `<setting>` in the text stands for; without one, the text itself."""
        found = _NAMES.search(text)
        yield from ((name, text.replace(found[0], name)) for name in self.names(found[1])) if found else [("", text)]

    def each(self, pattern: str) -> Iterator[str]:
        """The pattern for each name that it stands for, and for each item of the list that it names."""
        for _, text in self.named(pattern):
            name = next((name for name in _NAME.findall(text) if self._is_list(name)), "")
            numbers = range(1, 1 + len(self.names(name))) if name else [0]
            yield from (text.replace(f"{{{name}}}", f"{{{name}.{number}}}") for number in numbers)

    def _is_list(self, name: str) -> bool:
        # Of an empty one there is nothing.
        return name.partition(".")[0] in self.settings and (not self.settings.get(name) or f"{name}.1" in self.settings)

    def addresses(self, stack: str | None) -> set[str]:
        """Every resource of a stack, or of all, as the allow-list writes it and by its own id."""
        return self._everything if stack is None else self._by_stack.get(stack, set())

    @cached_property
    def _everything(self) -> set[str]:
        return set().union(*self._by_stack.values())

    @cached_property
    def _by_stack(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = defaultdict(set)
        for (stack, address), id_ in self._resources.items():
            found[stack] |= {self.own_id(address), f"{address.partition('.')[0]}.{id_}"}
        return found

    @staticmethod
    def own_id(id_: str) -> str:
        """An id without the hash that CDKTF adds."""
        return _HASH.sub("", id_)

    def line(self, normal: str) -> str:
        """A value as a line of the allow-list would write it: with the words of the environment."""
        for key, texts in self.settings.items():
            if "." in key and len(normal) > 8 and normal in texts:
                return f"{{{key}}}"
        written = _ADDRESS.sub(lambda match: f"{match[1]}.{self._ids(match[1], match[2])[0]}", normal)
        for name in ("account", "environment", "region"):
            if name in self._words:
                written = re.sub(rf"(?<![\w]){re.escape(self._words[name])}(?![0-9])", f"{{{name}}}", written)
        if "project" in self._words:
            project, ending = re.escape(self._words["project"]), re.escape(self._words["ending"])
            written = re.sub(rf"\b{project}-([\w*-]+?)-{ending}\b", r"{project}-\1-{ending}", written)
            written = re.sub(rf"\b{project}/{ending}/", "{project}/{ending}/", written)
        return written


@lru_cache(maxsize=16)
def _patterns(*_environment: str) -> dict[str, re.Pattern[str]]:
    return {}


def _any_of(texts: Iterable[str]) -> str:
    return "(?:" + "|".join(re.escape(text) for text in sorted(texts)) + ")" if texts else "(?!)"


def _within(normal: str, least: float, most: float) -> bool:
    try:
        return least <= float(normal) <= most
    except ValueError:
        return False
