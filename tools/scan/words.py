"""A statement of a policy in words, as the allow-list has it:

    Allow to Service:lambda.amazonaws.com do sts:AssumeRole on * if StringEquals aws:SourceAccount {account}

`notto`, `notdo` and `noton` stand for NotPrincipal, NotAction and NotResource. A word that begins with `?` may be
missing where a setting or resource that it names is; `**` stands for anything; a lone `*` is IAM's own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tools.scan.vocabulary import Vocabulary
from tools.synthesized.resources import Resource
from tools.synthesized.values import listed

_KEYS = {"Principal": "to", "NotPrincipal": "notto", "Action": "do", "NotAction": "notdo",
         "Resource": "on", "NotResource": "noton"}  # fmt: skip
Sections = dict[str, list[str]]
ADD = "add: "


def of_statement(body: Mapping[str, Any]) -> Sections:
    """What a statement says, by its parts."""
    sections: Sections = {str(body.get("Effect")): []}
    for key, value in body.items():
        if key in ("Principal", "NotPrincipal") and isinstance(value, Mapping):
            sections[_KEYS[key]] = [f"{kind}:{who}" for kind, names in value.items() for who in listed(names)]
        elif key in _KEYS:
            sections[_KEYS[key]] = listed(value)
        elif key == "Condition" and isinstance(value, Mapping):
            for operator, keys in value.items():
                for name, values in keys.items() if isinstance(keys, Mapping) else [("", keys)]:
                    sections[f"if {operator} {name}"] = listed(values)
        elif key not in ("Sid", "Effect"):
            sections[key] = [json.dumps(value)]
    return sections


def of_text(text: str) -> Sections:
    """The same from a line of the allow-list."""
    sections: Sections = {}
    current: list[str] = []
    parts = iter(text.split())
    sections[next(parts)] = current
    for part in parts:
        if part == "if":
            current = sections.setdefault(f"if {next(parts)} {next(parts)}", [])
        elif part in _KEYS.values():
            current = sections.setdefault(part, [])
        else:
            current.append(part)
    return sections


def in_words(vocabulary: Vocabulary, stack: str, sections: Sections) -> str:
    """The line that would allow it."""
    parts = []
    for head, values in sections.items():
        parts.append(head)
        parts += sorted({vocabulary.line(vocabulary.normal(stack, value)) for value in values})
    return " ".join(parts)


def compared(vocabulary: Vocabulary, resource: Resource, allowed: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(label, message) of every statement that is not allowed, and of every allowed one that is missing."""
    demanded: set[str] = set()
    wanted: dict[str, list[Sections]] = {}
    lines = [(label, line) for label, each in allowed.items() for line in listed(each)]
    for name, label, line in ((*named, line) for place, line in lines for named in vocabulary.named(place)):
        text, _, condition = " ".join(line.replace("{n}", name).split()).partition(" when ")
        if not condition or vocabulary.holds(condition):
            wanted.setdefault(label, []).append(of_text(text.removeprefix("? ")))
            demanded |= set() if text.startswith("? ") else {label}
    seen: set[str] = set()
    for statement in resource.statements:
        sections = of_statement(statement.body)
        fits = any(_fits(vocabulary, resource.stack, each, sections) for each in wanted.get(statement.label, ()))
        if not fits or statement.label in seen:
            line = in_words(vocabulary, resource.stack, sections)
            yield statement.label, f'not allowed; where it is right {ADD}{statement.label} = "{line}"'
        seen.add(statement.label)
    for label in sorted(demanded - seen):
        yield label, "is missing, which is demanded"


def _fits(vocabulary: Vocabulary, stack: str, wanted: Sections, found: Sections) -> bool:
    return wanted.keys() == found.keys() and all(
        _covers(vocabulary, wanted[head], [vocabulary.normal(stack, value) for value in found[head]]) for head in wanted
    )


def _covers(vocabulary: Vocabulary, wanted: list[str], found: list[str]) -> bool:
    allowed = [word.removeprefix("?") for word in wanted]
    present = [word for word in wanted if not word.startswith("?") or vocabulary.has_all_of(word)]
    needed = [each for word in present for each in vocabulary.each(word.removeprefix("?"))]
    return (
        bool(found) == bool(wanted)
        and all(any(vocabulary.matches(word, value) for word in allowed) for value in found)
        and all(any(vocabulary.matches(word, value) for value in found) for word in needed)
    )
