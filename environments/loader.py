"""From `environments/<name>.toml` and its tier to a checked `Environment`."""

from __future__ import annotations

import dataclasses
import functools
import json
import re
import tomllib
import typing
from collections.abc import Callable, Iterator
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from environments import demands, rules
from environments.cidr import vpc_fault
from environments.environment import Environment, Tier
from environments.faults import NOT_IN_FILES, Fault, SettingsError, from_pydantic, missing

DIRECTORY = Path(__file__).parent


def environment_names(directory: Path = DIRECTORY) -> tuple[str, ...]:
    """Names of all environments that have a file, sorted."""
    return tuple(sorted(path.stem for path in directory.glob("*.toml")))


def load(
    name: str, *, suffix: str | None = None, unprotected: bool = False, directory: Path = DIRECTORY
) -> Environment:
    """Read and check one environment.

    `suffix` makes a short-lived copy; `unprotected` lifts the protection for a teardown, which no file can.
    Raises SettingsError with every fault found.
    """
    path = directory / f"{name}.toml"
    shown = _shown(path)
    if name not in environment_names(directory):
        names = ", ".join(environment_names(directory)) or "none"
        raise SettingsError([missing(shown, "the file", names, "name one of them, or write the file")])
    own = _read(path)
    tier = own.get("tier")
    tier_path = directory / "tiers" / f"{tier}.toml"
    tier_known = tier in typing.get_args(Tier)
    # With an unknown tier the file's own values are still checked; what they lack is the tier's to say.
    defaults = _read(tier_path) if tier_known else {}
    merged = _merge(defaults, own)
    well_named = re.fullmatch(r"[^-]+-[^-]+", name) is not None
    project, stage = name.split("-") if well_named else ("unnamed", "unnamed")
    derived = {"project": project, "stage": stage, **({} if suffix is None else {"suffix": suffix})}
    settings = {**merged, **derived}
    given = {key for key in NOT_IN_FILES if key in merged}

    def file_of(key: str) -> str:
        """The file that states `key`; the environment's own where none does, for there it belongs."""
        if key == "suffix" and "suffix" not in given:
            return "the command line"
        return _shown(tier_path) if not _states(own, key) and _states(defaults, key) else shown

    faults = [] if well_named else [Fault(shown, "the file's name", name, "<project>-<stage>.toml", "rename the file")]
    faults += [Fault(file_of(key), key, merged[key], "no such key", NOT_IN_FILES[key]) for key in sorted(given)]
    faults += [fault for fault in _faults(settings, file_of) if tier_known or fault.key == "tier" or not fault.absent]
    faults += _overlaps(settings, name, directory)
    if faults:
        raise SettingsError(faults)
    if unprotected:
        settings["protected"] = False
    return Environment.model_validate_json(json.dumps(settings))


def _faults(settings: dict[str, Any], file_of: Callable[[str], str]) -> Iterator[Fault]:
    text = json.dumps(settings, default=str)
    found: list[Fault] = []
    try:
        Environment.model_validate_json(text)
    except ValidationError as error:
        found = [from_pydantic(detail, Environment) for detail in error.errors(include_url=False)]
        for fault in found:
            # A list whose items are at fault is reported by pydantic a second time, as too short.
            if not any(other.key.startswith(f"{fault.key}.") for other in found):
                yield dataclasses.replace(fault, file=file_of(fault.key))
    refused = {fault.key for fault in found}
    for demand, value in demands.unmet(str(settings.get("tier")), settings):
        if demand.key not in refused:
            where, allowed = file_of(demand.key), f"{demand.allowed} in production"
            yield (
                missing(where, demand.key, allowed, demand.reason)
                if value is None
                else Fault(where, demand.key, value, allowed, demand.reason)
            )
    for rule in rules.broken(_valid_parts(settings)):
        yield Fault(file_of(rule.key), rule.key, rule.value, rule.allowed, rule.remedy)


def _valid_parts(settings: dict[str, Any]) -> dict[str, Any]:
    """The parts of an environment that are valid by themselves, so that the rules on them can be checked."""
    hints = typing.get_type_hints(Environment, include_extras=True)
    parts: dict[str, Any] = {}
    for key, field in Environment.model_fields.items():
        if key in settings:
            text = json.dumps(settings[key], default=str)
            try:
                parts[key] = TypeAdapter(hints[key]).validate_json(text, strict=True)
            except ValidationError:
                continue
        elif not field.is_required():
            parts[key] = field.default
    return parts


def _overlaps(settings: dict[str, Any], name: str, directory: Path) -> Iterator[Fault]:
    """Networks of different environments must differ: one day two of them are connected."""
    cidr = _cidr(settings)
    for other in environment_names(directory) if cidr else ():
        other_cidr = None if other == name else _cidr_of(directory / f"{other}.toml")
        if cidr and other_cidr and IPv4Network(cidr).overlaps(IPv4Network(other_cidr)):
            allowed = f"a block that does not overlap {other_cidr} of {_shown(directory / f'{other}.toml')}"
            yield Fault(_shown(directory / f"{name}.toml"), "network.cidr", cidr, allowed, "choose another block")


def _cidr_of(path: Path) -> str | None:
    """A file that cannot be read, or is broken, has none: its own load reports it."""
    try:
        return _cidr_in(path.read_bytes())
    except OSError:
        return None


@functools.cache
def _cidr_in(content: bytes) -> str | None:
    """Kept, for every other environment asks."""
    try:
        return _cidr(tomllib.loads(content.decode()))
    except ValueError:
        return None


def _cidr(settings: dict[str, Any]) -> str | None:
    network = settings.get("network")
    cidr = network.get("cidr") if isinstance(network, dict) else None
    return cidr if isinstance(cidr, str) and not vpc_fault(cidr) else None


def _states(settings: object, key: str) -> bool:
    for part in key.split("."):
        if isinstance(settings, list) and part.isdigit() and int(part) < len(settings):
            settings = settings[int(part)]
        elif isinstance(settings, dict) and part in settings:
            settings = settings[part]
        else:
            return False
    return True


def _merge(defaults: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Tables are merged key by key; every other value, lists included, is replaced."""
    merged = dict(defaults)
    for key, value in own.items():
        both_tables = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merge(merged[key], value) if both_tables else value
    return merged


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(
            [Fault(_shown(path), "the file", str(error), "TOML 1.0 in UTF-8", "correct the line named")]
        ) from error


def _shown(path: Path) -> str:
    """The path as a person at the project's root would type it."""
    root = DIRECTORY.parent
    return str(path.relative_to(root) if path.is_relative_to(root) else path)
