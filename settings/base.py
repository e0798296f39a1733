"""The base of all settings models, and value types that several of them use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field


class Settings(BaseModel):
    """Frozen and strict: a value of another type, or an unknown key, is an error.

    Error messages quote the description of a field after "allowed:".
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    RENAMED: ClassVar[Mapping[str, str]] = {}
    """What to do about a key of an earlier version, by the key."""


def described(allowed: str, pattern: str) -> object:
    """A string field that must match `pattern`; `allowed` describes the pattern."""
    return Field(pattern=pattern, description=allowed)


# CloudWatch Logs accepts only these numbers of days (PutRetentionPolicy).
RetentionDays = Literal[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
]

_DAY = r"(mon|tue|wed|thu|fri|sat|sun)"
_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]"

DailyWindow = Annotated[
    str, described("a daily window in UTC, at least 30 minutes, as hh:mm-hh:mm", rf"^{_TIME}-{_TIME}$")
]
WeeklyWindow = Annotated[
    str,
    described(
        "a weekly window in UTC, at least 30 minutes, as ddd:hh:mm-ddd:hh:mm", rf"^{_DAY}:{_TIME}-{_DAY}:{_TIME}$"
    ),
]
Region = Annotated[
    str, described("a region's code such as ca-central-1", r"^(af|ap|ca|eu|il|me|mx|sa|us)-[a-z]+-[0-9]$")
]
RoleArn = Annotated[str, described("the ARN of an IAM role", r"^arn:aws:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]+$")]
CertificateArn = Annotated[
    str,
    described("the ARN of an ACM certificate", r"^arn:aws:acm:[a-z0-9-]+:[0-9]{12}:certificate/[0-9a-f-]{36}$"),
]
Percent = Annotated[int, Field(ge=1, le=100, description="a whole percentage from 1 to 100")]
