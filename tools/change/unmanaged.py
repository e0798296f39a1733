"""What was added on AWS by hand: it hangs on a resource of the environment, and is in none of its states.

Terraform plans only what its states name, so a plan never shows an addition. For each resource of the states AWS is
asked what hangs on it (`tools.change.unmanaged_kinds` says how), and what no state has is shown. Only resources of this
environment are asked about: other environments of the account, ephemeral ones too, stay out.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

import jmespath  # type: ignore[import-untyped]

from tools.change.findings import FindingKind, ReviewFinding
from tools.change.unmanaged_kinds import KINDS, NOT_COUNTED, SHOWN, Kind
from tools.deploy.aws import Clients
from tools.synthesized.values import parsed


class StateResource(NamedTuple):
    """One instance of a managed resource, with its attributes as the state has them."""

    stack: str
    address: str
    type: str
    attributes: Mapping[str, Any]


def managed(states: Mapping[str, Mapping[str, Any]]) -> list[StateResource]:
    """All of them; `states` maps the name of each stack to its state, in Terraform's format 4."""
    return [
        StateResource(stack, f"{resource['type']}.{resource['name']}", resource["type"], instance["attributes"])
        for stack, state in states.items()
        for resource in state.get("resources", ())
        if resource["mode"] == "managed"
        for instance in resource["instances"]
    ]


def find(states: Mapping[str, Mapping[str, Any]], clients: Clients) -> tuple[list[ReviewFinding], dict[str, list[str]]]:
    """The additions as findings, and for each stack the errors of questions that AWS did not answer."""
    from botocore.exceptions import BotoCoreError, ClientError

    known = managed(states)
    found: list[ReviewFinding] = []
    silent: dict[tuple[str, str], list[str]] = defaultdict(list)
    for parent, kind in [(parent, kind) for parent in known for kind in KINDS if kind.parent == parent.type]:
        try:
            found += [
                ReviewFinding(FindingKind.UNMANAGED, parent.stack, parent.address, f"{addition}: in no state")
                for addition in dict.fromkeys(_additions(parent, kind, known, clients))
            ]
        except (ClientError, BotoCoreError) as error:
            # A policy that was never made, or a parent that was deleted by hand, which the plan shows.
            if "NotFound" not in getattr(error, "response", {}).get("Error", {}).get("Code", ""):
                silent[parent.stack, str(error)].append(parent.address)
    errors: dict[str, list[str]] = defaultdict(list)
    for (stack, reason), addresses in silent.items():
        asked = ", ".join(dict.fromkeys(addresses))
        errors[stack].append(f"AWS does not say what was added to {asked}: {reason}")
    return found, dict(errors)


def _additions(parent: StateResource, kind: Kind, known: Sequence[StateResource], clients: Clients) -> Iterator[str]:
    for item in _items(parent, kind, clients):
        same = {attribute: jmespath.search(expression, item) for attribute, expression in kind.same.items()}
        if jmespath.search(NOT_COUNTED, item) or any(_is(child, kind.child, same) for child in known):
            continue
        own = [str(same[name]) for name, key in kind.same.items() if same[name] and not key.startswith("parent.")]
        shown = [f"{key} {_text(item[key])}" for key in SHOWN if item.get(key) is not None and item[key] not in own]
        yield " ".join([kind.child, *(own or [str(next(iter(same.values())))]), *shown])


def _is(resource: StateResource, type_: str, same: Mapping[str, object]) -> bool:
    """A state has an empty text where AWS has nothing."""
    return fnmatchcase(resource.type, type_) and all(
        (resource.attributes.get(name) or None) == (value or None) for name, value in same.items()
    )


def _items(parent: StateResource, kind: Kind, clients: Clients) -> Iterator[dict[str, Any]]:
    service, operation = kind.call.split(".")
    client = clients(service)
    arguments = {name: _argument(parent, name, value) for name, value in kind.arguments.items()}
    pages = client.get_paginator(operation).paginate if client.can_paginate(operation) else None
    for page in pages(**arguments) if pages else [getattr(client, operation)(**arguments)]:
        for outer in _tables(jmespath.search(kind.items, page)):
            outer["parent"] = parent.attributes
            inner = _tables(jmespath.search(kind.inner, outer)) if kind.inner else [{}]
            yield from ({**outer, **item} for item in inner)


def _argument(parent: StateResource, name: str, value: object) -> object:
    if name == "Filters":
        return [{"Name": value, "Values": [parent.attributes["id"]]}]
    return parent.attributes[value] if isinstance(value, str) else value


def _tables(found: object) -> list[dict[str, Any]]:
    """What an expression has found, each as a table."""
    items = found if isinstance(found, list) else [] if found is None else [found]
    return [dict(item if isinstance(item, Mapping) else parsed(item) or {"text": item}) for item in items]


def _text(value: object) -> str:
    return json.dumps(value) if isinstance(value, Mapping) else str(value)
