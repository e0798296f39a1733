"""Settings of the api stack: how the world reaches the service."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from environments.base import Settings, described

HostName = Annotated[
    str, described("a host name such as service.example.com", r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$")
]


class RouteSettings(Settings):
    """One path of the REST API."""

    path: Annotated[
        str,
        described(
            "a path such as /devices/{deviceId}/readings",
            r"^/$|^(/([A-Za-z0-9._~-]+|\{[A-Za-z][A-Za-z0-9_]*\+?\})){1,20}$",
        ),
    ]
    methods: Annotated[
        tuple[Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"], ...],
        Field(min_length=1, description="one or more of GET, POST, PUT, PATCH, DELETE, HEAD"),
    ]
    backend: Literal["service", "lambda", "mock"] = Field(
        default="service", description='"service" (through the VPC link), "lambda" or "mock"'
    )
    key_required: bool = Field(default=True, description="true or false: only requests with an API key are let in")


class ApiSettings(Settings):
    """The REST API, its usage plan and its firewall."""

    rate_limit: Annotated[
        int, Field(ge=1, le=10_000, description="requests per second of the usage plan, 1 to 10000")
    ] = 200
    burst_limit: Annotated[
        int, Field(ge=1, le=5_000, description="requests in a burst of the usage plan, 1 to 5000")
    ] = 400
    quota_per_month: Annotated[
        int | None, Field(ge=1, description="requests per month, 1 or more; absent means no quota")
    ] = None
    clients: tuple[
        Annotated[str, described("1 to 30 lower-case letters, digits and -", r"^[a-z][a-z0-9-]{0,29}$")], ...
    ] = Field(min_length=1, description="one or more names of API clients; each gets a key of its own")
    firewall_rate_per_5_minutes: Annotated[
        int,
        Field(
            ge=10, le=2_000_000_000, description="requests of one address in 5 minutes before WAF blocks it, 10 or more"
        ),
    ] = 60_000
    service_host_name: HostName | None = Field(
        default=None,
        description="the host name in the certificate of service.certificate_arn, which API Gateway checks; "
        "required with one",
    )
    routes: tuple[RouteSettings, ...] = Field(min_length=1, description="one or more [[api.routes]] tables")
