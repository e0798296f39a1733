"""Changes of the JSON of all stacks of an environment: something added, replaced or removed."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

from tools.synthesized.platform import Platform, of_stacks

Stacks = dict[str, Any]
Change = Callable[[Stacks], None]

ELSEWHERE = "999999999999"


def changed(platform: Platform, change: Change) -> Platform:
    """The platform with its JSON changed; fails if nothing is."""
    stacks = copy.deepcopy(dict(platform.stacks))
    change(stacks)
    assert stacks != platform.stacks
    return of_stacks(
        platform.name,
        stacks,
        platform.needs,
        tier=platform.tier,
        account_id=platform.account_id,
        settings=platform.settings,
    )


def _stack(stacks: Stacks, component: str) -> Any:
    return next(
        content
        for name, content in stacks.items()
        if name.endswith(f"-{component}") or (component == "bootstrap" and name.startswith("bootstrap-"))
    )


def _resource(stacks: Stacks, address: str) -> tuple[Any, str]:
    """The resources of its type, and its id with the hash."""
    type_, _, id_ = address.partition(".")
    for content in stacks.values():
        for found in content["resource"].get(type_, {}):
            if found.rpartition("_")[0] == id_ or found == id_:
                return content["resource"][type_], found
    raise AssertionError(f"no {address}")


def add(component: str, type_: str, **values: Any) -> Change:
    """A new resource."""

    def change(stacks: Stacks) -> None:
        _stack(stacks, component)["resource"].setdefault(type_, {})["new"] = values

    return change


def put(address: str, path: str, value: Any) -> Change:
    """Another value at a dotted path, where `{"...": None}` removes; JSON texts are opened."""

    def change(stacks: Stacks) -> None:
        resources, id_ = _resource(stacks, address)
        resources[id_] = _with(resources[id_], path.split("."), value)

    return change


def _with(values: Any, path: list[str], value: Any) -> Any:
    if not path:
        return value
    if isinstance(values, str):
        return json.dumps(_with(json.loads(values), path, value))
    if isinstance(values, list):
        index = int(path[0]) if path[0].isdecimal() else None
        if path[0] == "+":
            return [*values, value]
        assert index is not None, path
        items = [_with(item, path[1:], value) if at == index else item for at, item in enumerate(values)]
        return [item for item in items if item is not None]
    inner = _with((values or {}).get(path[0]), path[1:], value)
    kept = {key: item for key, item in (values or {}).items() if key != path[0]}
    return kept if inner is None else {**kept, path[0]: inner}


def gone(*addresses: str) -> Change:
    """Resources removed; one that ends in `*` stands for all that begin so."""

    def change(stacks: Stacks) -> None:
        for address in addresses:
            type_, _, begin = address.partition(".")
            for content in stacks.values():
                found = content["resource"].get(type_, {})
                for id_ in [i for i in found if i.startswith(begin.removesuffix("*"))]:
                    del found[id_]

    return change


def allow(address: str, action: str | list[str], resource: Any = "*", attribute: str = "policy", **more: Any) -> Change:
    """One more statement."""
    body = {"Sid": "New", "Effect": "Allow", "Action": action, **({"Resource": resource} if resource else {}), **more}
    return put(address, f"{attribute}.Statement.+", body)


def block(component: str, path: str, value: Any) -> Change:
    """Something beside the resources."""

    def change(stacks: Stacks) -> None:
        name = next(name for name, content in stacks.items() if content is _stack(stacks, component))
        stacks[name] = _with(stacks[name], path.split("."), value)

    return change


def of(stacks: Stacks, component: str, address: str) -> Any:
    """The arguments of a resource of one stack, to change."""
    type_, _, begin = address.partition(".")
    found = _stack(stacks, component)["resource"][type_]
    return next(found[id_] for id_ in found if id_.rpartition("_")[0] == begin)


def edit(component: str, address: str, change: Callable[[Any], object]) -> Change:
    """A change of a resource in its place."""

    def edit_it(stacks: Stacks) -> None:
        change(of(stacks, component, address))

    return edit_it


def opened(component: str, address: str, attribute: str, change: Callable[[Any], object]) -> Change:
    """A change within the JSON text of an attribute."""

    def edit_it(resource: Any) -> None:
        content = json.loads(resource[attribute])
        change(content)
        resource[attribute] = json.dumps(content)

    return edit(component, address, edit_it)
