"""Rules between settings. The parameters of a rule are the parts of an environment that it reads.

A rule runs if all these parts are valid, even if other parts are not, so that one run shows all errors.
"""

from __future__ import annotations

import functools
import importlib.util
import inspect
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from settings import api, backup, cache, database, front, monitoring, network, rotation, service, storage
from settings.backup import BackupSettings
from settings.base import Settings
from settings.broken import Broken, Unshown
from settings.naming import LONGEST_SHORT_PURPOSE, SHORTEST_LIMIT, Naming

# Tags that the platform itself puts on every resource.
PLATFORM_TAGS = ("Project", "Environment", "Tier", "Stack", "ManagedBy")
# AWS allows 50 tags per resource: https://docs.aws.amazon.com/tag-editor/latest/userguide/reference.html.
# Modules add at most two more of their own (Name; Part and Severity).
_MOST_TAGS = 50 - len(PLATFORM_TAGS) - 2

_RULES: list[Callable[..., Iterator[Broken]]] = [
    *database.RULES,
    *cache.RULES,
    *storage.RULES,
    *backup.RULES,
    *rotation.RULES,
    *network.RULES,
    *api.RULES,
    *front.RULES,
    *service.RULES,
    *monitoring.RULES,
]


def _rule(function: Callable[..., Iterator[Broken]]) -> Callable[..., Iterator[Broken]]:
    _RULES.append(function)
    return function


def broken(valid_parts: Mapping[str, Settings | Any]) -> Iterator[Broken]:
    """Every broken rule among those whose parts are all in `valid_parts`."""
    for rule in _RULES:
        names = inspect.signature(rule).parameters
        if all(name in valid_parts for name in names):
            yield from rule(**{name: valid_parts[name] for name in names})


@_rule
def _names_fit(project: str, stage: str, suffix: str | None) -> Iterator[Broken]:
    longest = Naming(project, stage, suffix).name(LONGEST_SHORT_PURPOSE)
    if len(longest) > SHORTEST_LIMIT:
        yield Broken(
            "suffix" if suffix else "project",
            suffix or project,
            f"at most {SHORTEST_LIMIT} characters in {longest!r}, which has {len(longest)} (load balancer names)",
            f"shorten it by {len(longest) - SHORTEST_LIMIT}",
        )


@_rule
def _region_exists(region: str) -> Iterator[Broken]:
    if not exists(region):
        allowed = "a region that botocore lists, such as ca-central-1"
        yield Broken("region", region, allowed, "correct it, or if the region is new, update boto3: make lock")


@_rule
def _region_of_copies_exists(backup: BackupSettings | None) -> Iterator[Broken]:
    if backup is not None and backup.copy_to is not None and not exists(backup.copy_to):
        allowed = "a region that botocore lists, such as ca-west-1"
        yield Broken(
            "backup.copy_to", backup.copy_to, allowed, "correct it, or if the region is new, update boto3: make lock"
        )


@functools.cache
def regions() -> frozenset[str]:
    """Regions of the partition `aws`, from the data of botocore; importing botocore takes a fifth of a second.

    Empty without botocore, which `make compat` does not install.
    """
    spec = importlib.util.find_spec("botocore")
    if spec is None or spec.origin is None:
        return frozenset()
    text = Path(spec.origin).with_name("data").joinpath("partitions.json").read_text(encoding="utf-8")
    (known,) = [partition["regions"] for partition in json.loads(text)["partitions"] if partition["id"] == "aws"]
    return frozenset(known)


def exists(region: str) -> bool:
    """Whether botocore lists the region; true if botocore is not installed."""
    return region in regions() or not regions()


@_rule
def _zones_belong_to_region(region: str, zones: tuple[str, ...]) -> Iterator[Broken]:
    if not exists(region):
        return
    if any(zone[:-1] != region for zone in zones) or len(set(zones)) != len(zones):
        yield Broken("zones", list(zones), f"different zones of {region}, e.g. {region}a", "name each zone once")


@_rule
def _own_tags(tags: dict[str, str]) -> Iterator[Broken]:
    if len(tags) > _MOST_TAGS:
        yield Broken(
            "tags",
            Unshown(f"has {len(tags)} keys"),
            f"at most {_MOST_TAGS} in addition to the platform's tags",
            "delete some",
        )
    # Tag keys of IAM roles are case-insensitive: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html
    seen = {key.lower(): key for key in PLATFORM_TAGS}
    for key in tags:
        if key.lower().startswith("aws:") or seen.get(key.lower()) in PLATFORM_TAGS:
            yield Broken(
                "tags",
                key,
                f"keys other than aws:... (reserved by AWS) and {', '.join(PLATFORM_TAGS)}, in upper or lower case",
                "choose another key",
            )
        elif key.lower() in seen:
            yield Broken(
                "tags",
                key,
                f"keys that differ by more than upper and lower case from {seen[key.lower()]}",
                "choose another key",
            )
        seen.setdefault(key.lower(), key)
