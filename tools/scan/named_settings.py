"""The settings by the names that the allow-list gives them: `logs.retention_days`, `workload.job-report.image`."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from settings.api import schemas
from tools.synthesized.values import leaves

Texts = dict[str, set[str]]


def text_of(value: object) -> str:
    """A scalar as the allow-list writes it: `true`, `7`, `aws:kms`."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value if isinstance(value, str) else json.dumps(value)


@lru_cache(maxsize=16)
def flat(settings: str, project: str) -> tuple[Texts, Texts]:
    """Dotted key of a table or value, with and without the numbers of items -> the texts of all that is below it, and
    the schemas of request bodies; and what is directly below it.
    """
    found: Texts = {}
    below: Texts = defaultdict(set)
    content = json.loads(settings)
    for path, value in leaves({**content, "workload": dict(_workloads(content))}):
        numbered = [part if isinstance(part, str) else str(part + 1) for part in path]
        for keys in ([part for part in path if isinstance(part, str)], numbered):
            for depth in range(1, len(keys) + 1):
                texts = found.setdefault(".".join(keys[:depth]), set())
                if value is not None:
                    # A path of a route, too, as the backend's address has it: `/files/{name}` of `/files/{name+}`.
                    texts |= {text_of(value), text_of(value).replace("+}", "}")}
        for depth in range(1, len(numbered)):
            is_item = depth == len(path) - 1 and isinstance(path[depth], int)
            below[".".join(numbered[:depth])].add(text_of(value) if is_item else numbered[depth])
    for name in found.get("api.routes.request_schema", ()):
        found[f"schemas.{name}"] = {json.dumps(schemas.read(project, name), sort_keys=True)}
    return found, below


def keys_of(setting: str, settings: Any) -> list[str]:
    """The keys to a setting; of a workload those of its own table, where this has a value of its own."""
    first, *rest = setting.split(".")
    if first != "workload" or not rest:
        return [first, *rest]
    kind, _, name = rest[0].partition("-")
    if kind == "service":
        return ["service", *rest[1:]]
    own = (settings.get(f"{kind}s") or {}).get(name) or {}
    return [f"{kind}s", name, *rest[1:]] if own.get(rest[1]) is not None else ["service", *rest[1:]]


def _workloads(settings: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """`service`, `worker-<name>`, `job-<name>` -> the settings that hold for it, as `workload_settings` has them."""
    if service := settings.get("service"):
        yield "service", service
        for kind, without in (("worker", ()), ("job", ("exec", "redeploy_after_rotation"))):
            for name, table in (settings.get(f"{kind}s") or {}).items():
                own = {key: value for key, value in table.items() if value is not None}
                own["environment"] = {**service["environment"], **own["environment"]}
                yield f"{kind}-{name}", {**service, **dict.fromkeys(("port", "volume", *without)), **own}
