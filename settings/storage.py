"""Table `storage`: EFS. Its types, and the rules between its keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from settings.base import Settings, described
from settings.broken import Broken


class AccessPointSettings(Settings):
    """One EFS access point: its clients act as this POSIX user in this directory."""

    path: Annotated[
        str,
        described("an absolute directory of at most 4 levels, e.g. /media", r"^(/[A-Za-z0-9._-]{1,25}){1,4}$"),
    ]
    uid: Annotated[int, Field(ge=1, le=4_294_967_295, description="a POSIX user id, not root: 1 to 4294967295")]
    gid: Annotated[int, Field(ge=1, le=4_294_967_295, description="a POSIX group id, not root: 1 to 4294967295")]
    permissions: Annotated[str, described('an octal mode in quotes, e.g. "0750"', r"^0?[0-7]{3}$")] = "0750"


class StorageSettings(Settings):
    """One EFS file system; without access points there is none."""

    access_points: dict[
        Annotated[str, described("a name of 1 to 20 lower-case letters, digits and -", r"^[a-z][a-z0-9-]{0,19}$")],
        AccessPointSettings,
    ] = Field(default={}, description="tables named [storage.access_points.<name>]")
    throughput_mode: Literal["elastic", "bursting"] = Field(default="elastic", description='"elastic" or "bursting"')
    infrequent_access_after_days: Literal[1, 7, 14, 30, 60, 90, 180, 270, 365] = Field(
        default=30, description="1, 7, 14, 30, 60, 90, 180, 270 or 365 days without access"
    )
    backup: bool = Field(
        description="true or false: daily AWS Backup, with the plan in [backup] or, without that table, AWS's "
        "default plan"
    )


def _access_points(storage: StorageSettings) -> Iterator[Broken]:
    """A directory belongs to the user who mounts it first, so each needs its own access point."""
    seen: dict[str, str] = {}
    for name, point in storage.access_points.items():
        if point.path in seen:
            yield Broken(
                f"storage.access_points.{name}.path",
                point.path,
                f"a directory that {seen[point.path]} does not use",
                "choose another directory, or mount the same access point twice",
            )
        seen.setdefault(point.path, name)


# Run by `settings.rules` with those of the other tables.
RULES = (_access_points,)
