"""Writes environment files for tests: a valid one of either tier, with single values changed."""

from __future__ import annotations

import functools
import shutil
import tempfile
import uuid
from collections.abc import Mapping
from pathlib import Path

from settings import Environment, SettingsError, load
from settings.loader import DIRECTORY

DIGEST = "sha256:" + "0" * 64

# Tables of a valid environment file; values are TOML as it stands in the file.
_VALID: dict[str, dict[str, str]] = {
    "": {
        "tier": '"development"',
        "account_id": '"111111111111"',
        "region": '"ca-central-1"',
        "zones": '["ca-central-1a", "ca-central-1b"]',
    },
    "network": {"cidr": '"10.20.0.0/16"'},
    "database": {"name": '"telemetry"'},
    "service": {"image": f'"111111111111.dkr.ecr.ca-central-1.amazonaws.com/service@{DIGEST}"'},
    "api": {
        "routes": '[{path = "/health", methods = ["GET"]}]',
        "service_host_name": '"service.example.com"',
    },
    "api.plans.default": {"clients": '["gateway"]'},
    "monitoring": {},
}

# What the tier demands beyond that.
_DEMANDED: dict[str, dict[str, dict[str, str]]] = {
    "production": {
        "service": {
            "certificate_arn": f'"arn:aws:acm:ca-central-1:111111111111:certificate/{uuid.UUID(int=0)}"',
        },
        "monitoring": {"subscribers": '["alarms@example.com"]'},
    },
}

# Changes of single values: dotted key -> TOML text, or None to leave the key or table out.
Changes = Mapping[str, str | None]


def settings_text(changes: Changes, tier: str = "development") -> str:
    """A valid file of the tier with `changes` made to it."""
    stated = (changes.get("tier") or tier).strip('"')
    tables = {table: {**values, **_DEMANDED.get(stated, {}).get(table, {})} for table, values in _VALID.items()}
    tables[""]["tier"] = f'"{tier}"'
    for dotted, value in changes.items():
        table, _, key = dotted.rpartition(".")
        if value is None and dotted in tables:
            tables.pop(dotted)
        elif value is None:
            tables[table].pop(key)
        else:
            tables.setdefault(table, {})[key] = value
    lines = []
    for table, values in tables.items():
        lines += [f"[{table}]"] if table else []
        lines += [f"{key} = {value}" for key, value in values.items()]
    return "\n".join(lines) + "\n"


@functools.cache
def valid_environment() -> Environment:
    """The smallest valid development environment, in ca-central-1: what tests change where a shipped one may change."""
    with tempfile.TemporaryDirectory() as folder:
        files = SettingsFiles(Path(folder) / "environments")
        files.write("small-dev", settings_text({}))
        return load("small-dev", directory=files.directory)


class SettingsFiles:
    """A directory of environment files with the shipped tiers."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        shutil.copytree(DIRECTORY / "tiers", directory / "tiers")

    def write(self, name: str, text: str | bytes) -> Path:
        """Write `<name>.toml` as it is."""
        path = self.directory / f"{name}.toml"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def faults(self, name: str, *, suffix: str | None = None) -> list[str]:
        """The lines that loading the environment gives; none when it is valid. Files are named without directory."""
        try:
            load(name, suffix=suffix, directory=self.directory)
        except SettingsError as error:
            return [str(fault).replace(f"{self.directory}/", "") for fault in error.faults]
        return []
