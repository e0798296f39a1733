"""Settings of the rotation and secrets stacks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from settings.base import RoleArn, Settings, described

_PgRole = Annotated[
    str, described("a PostgreSQL role name of 1 to 50 lower-case letters, digits and _", r"^[a-z][a-z0-9_]{0,49}$")
]


class RotationSettings(Settings):
    """How the application's database credentials change, and who may read them."""

    strategy: Literal["alternating", "single"] = Field(
        default="alternating",
        description='"alternating" (two logins, no downtime) or "single" (one login, a moment of refused logins)',
    )
    interval_days: Annotated[
        int, Field(ge=1, le=90, description="days between rotations, 1 to 90 (PCI DSS 8.3.9 allows at most 90)")
    ] = 30
    window_hours: Annotated[
        int | None, Field(ge=1, le=24, description="length of the rotation window, 1 to 24 hours")
    ] = None
    architecture: Literal["arm64", "x86_64"] = Field(default="arm64", description='"arm64" or "x86_64"')
    memory_mb: Annotated[int, Field(ge=128, le=10240, description="memory of the function, 128 to 10240 MB")] = 256
    timeout_seconds: Annotated[
        int, Field(ge=30, le=900, description="time limit of one rotation step, 30 to 900 seconds")
    ] = 60
    recovery_window_days: Annotated[
        int,
        Field(ge=0, le=30, description="0 (deleted at once) or 7 to 30 days in which a deleted secret can be restored"),
    ]
    reserved_concurrency: Annotated[
        int,
        Field(
            ge=0,
            le=100,
            description="runs of the function at once, 0 to 100, taken from the account's quota, of which AWS keeps "
            "100 for other functions; 0 reserves none, as a new account with a quota of 10 must",
        ),
    ] = 0  # what any account can give; production's tier says more
    role_name: _PgRole = Field(
        default="application",
        description="a PostgreSQL role name: the group that owns the application's objects, or the single login",
    )
    usernames: tuple[_PgRole, _PgRole] = Field(
        default=("application_blue", "application_green"),
        description='the two logins of strategy = "alternating"; "single" has none but role_name',
    )
    consumer_role_arns: tuple[RoleArn, ...] = Field(
        default=(), description="ARNs of IAM roles outside this environment that may read the secret"
    )
    break_glass_role_arn: RoleArn | None = Field(
        default=None, description="the ARN of the IAM role that may read the secret in an emergency"
    )
    deploy_role_arns: tuple[RoleArn, ...] = Field(
        default=(),
        description="ARNs of the IAM roles that plan and deploy: with any named, no other reads the version without a "
        "password that Terraform refreshes",
    )
