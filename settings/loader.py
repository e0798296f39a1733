"""From `environments/<name>.toml` and its tier to a checked `Environment`."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import re
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from settings import contents, demands, files, neighbours, rules
from settings.broken import Broken
from settings.environment import Environment, Tier
from settings.faults import NOT_IN_FILES, Fault, SettingsError, from_pydantic, missing

DIRECTORY = Path(__file__).resolve().parents[1] / "environments"


def environment_names(directory: Path = DIRECTORY) -> tuple[str, ...]:
    """Names of all environments that have a file, sorted."""
    return tuple(sorted(path.stem for path in directory.glob("*.toml")))


def load(
    name: str, *, suffix: str | None = None, unprotected: bool = False, directory: Path = DIRECTORY
) -> Environment:
    """Read and check one environment.

    `suffix` makes an ephemeral environment; `unprotected` turns off protection for a teardown, which no file can do.
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
    # With an unknown tier, the file's own values are still checked, but missing ones are not reported.
    defaults = _read(tier_path) if tier_known else {}
    merged = _merge(defaults, own)
    well_named = re.fullmatch(r"[^-]+-[^-]+", name) is not None
    project, stage = name.split("-") if well_named else ("unnamed", "unnamed")
    derived = {"project": project, "stage": stage, **({} if suffix is None else {"suffix": suffix})}
    settings = {**merged, **derived}
    given = {key for key in NOT_IN_FILES if key in merged}

    def file_of(key: str) -> str:
        """The file that has `key`; if none has it, the environment's own file, where it belongs."""
        if key == "suffix" and "suffix" not in given:
            return "the command line"
        return _shown(tier_path) if not _states(own, key) and _states(defaults, key) else shown

    def of_rule(rule: Broken) -> Fault:
        """If a tier's default violates a rule, the environment's file must be changed, not the tier's."""
        origin = file_of(rule.key)
        if origin in (shown, "the command line"):
            return Fault(origin, rule.key, rule.value, rule.allowed, rule.remedy)
        return Fault(shown, rule.key, rule.value, rule.allowed, rule.remedy, origin)

    faults = [] if well_named else [Fault(shown, "the file's name", name, "<project>-<stage>.toml", "rename the file")]
    secrets = [Fault(file_of(each.key), **vars(each)) for each in contents.secrets(merged)]
    # A secret must not be printed as an invalid value either.
    others = [Fault(file_of(key), key, merged[key], "no such key", NOT_IN_FILES[key]) for key in sorted(given)]
    others = [fault for fault in (*others, *_faults(settings, file_of, of_rule)) if not _said(fault.key, secrets)]
    strangers = [Fault(file_of(each.key), **vars(each)) for each in contents.strangers(merged)]
    faults += [*secrets, *(fault for fault in others if tier_known or fault.key == "tier" or not fault.absent)]
    faults += [fault for fault in strangers if not _said(fault.key, others)]
    faults += [of_rule(rule) for rule in _between_files(merged, name, directory)]
    if faults:
        raise SettingsError(faults)
    if unprotected:
        settings["protected"] = False
    return Environment.model_validate_json(_json(settings))


def _json(value: object) -> bytes:
    """JSON for pydantic. Invalid UTF-8 from the command line is replaced."""
    return json.dumps(value, default=str, ensure_ascii=False).encode(errors="replace")


def _said(key: str, faults: list[Fault]) -> bool:
    """Whether one of `faults` is about `key`, a key in it, or a table that contains it."""
    return any(f"{key}.".startswith(f"{fault.key}.") or fault.key.startswith(f"{key}.") for fault in faults)


def _faults(
    settings: dict[str, Any], file_of: Callable[[str], str], of_rule: Callable[[Broken], Fault]
) -> Iterator[Fault]:
    text = _json(settings)
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
        yield of_rule(rule)


def _valid_parts(settings: dict[str, Any]) -> dict[str, Any]:
    """The valid parts of an environment, for which rules can be checked."""
    hints = typing.get_type_hints(Environment, include_extras=True)
    parts: dict[str, Any] = {}
    for key, field in Environment.model_fields.items():
        if key in settings:
            try:
                parts[key] = TypeAdapter(hints[key]).validate_json(_json(settings[key]), strict=True)
            except ValidationError:
                continue
        elif not field.is_required():
            parts[key] = field.default
    return parts


def _between_files(settings: dict[str, Any], name: str, directory: Path) -> Iterator[Broken]:
    """Conflicts with other environments' files; only the first for each key."""
    found: dict[str, Broken] = {}
    for other in environment_names(directory):
        path = directory / f"{other}.toml"
        # An unreadable file is reported when that environment is loaded.
        with contextlib.suppress(files.UnreadableError):
            if other != name:
                for rule in neighbours.broken(settings, files.read(path), _shown(path)):
                    found.setdefault(rule.key, rule)
    yield from found.values()


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
        return files.read(path)
    except files.UnreadableError as error:
        fault = Fault(_shown(path), "the file", str(error), "TOML 1.0 in UTF-8", error.remedy)
        raise SettingsError([fault]) from error


def _shown(path: Path) -> str:
    """The path relative to the project's root, in one line."""
    root = DIRECTORY.parent
    text = str(path.relative_to(root) if path.is_relative_to(root) else path)
    return text if text.isprintable() else repr(text)
