"""Settings of the api stack: the public API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, get_args

from pydantic import Field, PlainValidator

from settings.base import CertificateArn, Settings, described

# API Gateway's default quotas for an account; in some regions they are a quarter of this:
# https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
ACCOUNT_RATE_LIMIT = 10_000
ACCOUNT_BURST_LIMIT = 5_000
# Methods whose requests have a body to validate.
BODY_METHODS = ("PATCH", "POST", "PUT")

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
HostName = Annotated[str, described("a host name such as service.example.com", rf"^({_LABEL}\.)+[a-z]{{2,63}}$")]
FunctionArn = Annotated[
    str,
    described(
        "the ARN of a Lambda function, with or without :<version or alias>",
        r"^arn:aws:lambda:[a-z0-9-]+:[0-9]{12}:function:[A-Za-z0-9_-]{1,64}(:[A-Za-z0-9_-]{1,128})?$",
    ),
]
ZoneId = Annotated[str, described("the id of a public Route 53 hosted zone, such as Z0123456789ABC", r"^Z[A-Z0-9]+$")]
_NAME = r"^[a-z][a-z0-9-]{0,29}$"
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]


def _key(value: object) -> object:
    """Reports one error for both forms; a union would report one for each."""
    by_method = value if isinstance(value, dict) else {"GET": value}
    if set(by_method) <= set(get_args(Method)) and all(isinstance(inner, bool) for inner in by_method.values()):
        return value
    raise ValueError


class RouteSettings(Settings):
    """One path of the REST API."""

    RENAMED: ClassVar[Mapping[str, str]] = {"key_required": "rename the key to key"}

    path: Annotated[
        str,
        described(
            "a path such as /devices/{deviceId}/readings, of letters, digits and . _ : -, {+} only at its end",
            r"^/$|^(/([A-Za-z0-9._:-]+|\{[A-Za-z][A-Za-z0-9_]*\})){0,19}"
            r"/([A-Za-z0-9._:-]+|\{[A-Za-z][A-Za-z0-9_]*\+?\})$",
        ),
    ]
    methods: Annotated[
        tuple[Method, ...],
        Field(min_length=1, description="one or more of GET, POST, PUT, PATCH, DELETE, HEAD"),
    ]
    backend: Literal["service", "lambda", "mock"] = Field(
        default="service",
        description='"service" (through the VPC link), "lambda" (function_arn) or "mock" (API Gateway responds itself)',
    )
    function_arn: FunctionArn | None = Field(
        default=None, description='the ARN of the Lambda function; only with backend = "lambda"'
    )
    request_schema: (
        Annotated[
            str, described("the name of a file in environments/schemas/<project>/, without .json", r"^[a-z][a-z0-9-]*$")
        ]
        | None
    ) = Field(
        default=None,
        description="the name of a file in environments/schemas/<project>/, without .json: the schema of request "
        "bodies; "
        "required for POST, PUT and PATCH, not allowed otherwise",
    )
    key: Annotated[bool | dict[str, bool], PlainValidator(_key)] = Field(
        default=True,
        description="true or false: requests need an API key; or a table per method, such as key.GET = false, in which "
        "methods without an entry need a key",
    )
    authorizer: Annotated[str, described('"iam" or a name in api.authorizers', _NAME)] | None = Field(
        default=None, description='"iam" or a name in api.authorizers; absent means no authentication'
    )

    def key_required(self, method: str) -> bool:
        """Whether a request of that method must have an API key."""
        return self.key.get(method, True) if isinstance(self.key, dict) else self.key


class ThrottleSettings(Settings):
    """The limits of each client of a plan for one method, lower than those of the plan."""

    method: Method = Field(description="one of GET, POST, PUT, PATCH, DELETE, HEAD")
    path: str = Field(description="the path of a route")
    rate_limit: Annotated[
        int, Field(ge=1, le=ACCOUNT_RATE_LIMIT, description="requests per second for each client, 1 to 10000")
    ]
    burst_limit: Annotated[
        int, Field(ge=1, le=ACCOUNT_BURST_LIMIT, description="requests in a burst for each client, 1 to 5000")
    ]


class PlanSettings(Settings):
    """A usage plan: the limits of each of its clients."""

    rate_limit: Annotated[
        int, Field(ge=1, le=ACCOUNT_RATE_LIMIT, description="requests per second for each client, 1 to 10000")
    ] = 200
    burst_limit: Annotated[
        int, Field(ge=1, le=ACCOUNT_BURST_LIMIT, description="requests in a burst for each client, 1 to 5000")
    ] = 400
    quota_per_month: Annotated[
        int | None,
        Field(
            ge=1,
            le=2_147_483_647,
            description="requests per month for each client, 1 to 2147483647; absent means no quota",
        ),
    ] = None
    clients: tuple[
        Annotated[str, described("1 to 30 lower-case letters, digits and -, beginning with a letter", _NAME)], ...
    ] = Field(min_length=1, description="one or more names of API clients; each gets its own API key")
    throttles: tuple[ThrottleSettings, ...] = Field(
        default=(), description="[[api.plans.<name>.throttles]] tables: lower limits for single methods"
    )


class AuthorizerSettings(Settings):
    """An authorizer. IAM authorization needs no table: `authorizer = "iam"`."""

    type: Literal["cognito", "lambda"] = Field(description='"cognito" or "lambda"')
    user_pool_arns: tuple[
        Annotated[
            str,
            described(
                "the ARN of a Cognito user pool",
                r"^arn:aws:cognito-idp:[a-z0-9-]+:[0-9]{12}:userpool/[A-Za-z0-9_-]+$",
            ),
        ],
        ...,
    ] = Field(default=(), description='ARNs of Cognito user pools; only with type = "cognito"')
    function_arn: FunctionArn | None = Field(
        default=None, description='the ARN of the Lambda function; only with type = "lambda"'
    )
    cache_seconds: Annotated[
        int,
        Field(
            ge=0,
            le=3600,
            description="seconds for which a decision is cached, 0 to 3600; 0 means that every request is checked",
        ),
    ] = 300


class CorsSettings(Settings):
    """Which web pages may call the API from a browser."""

    origin: Annotated[
        str,
        described(
            'an origin such as https://shop.example.com, or "*"',
            rf"^\*$|^https://({_LABEL}\.)*{_LABEL}(:[0-9]{{1,5}})?$",
        ),
    ]
    headers: tuple[Annotated[str, described("the name of a header", r"^[A-Za-z0-9-]{1,64}$")], ...] = Field(
        default=("authorization", "content-type", "x-api-key"), description="request headers that a web page may send"
    )
    max_age_seconds: Annotated[
        int, Field(ge=0, le=86_400, description="seconds for which a browser caches the preflight response, 0 to 86400")
    ] = 600


class DomainSettings(Settings):
    """A custom domain name for the API. An ephemeral environment has none."""

    name: HostName
    certificate_arn: CertificateArn = Field(description="the ACM certificate of that name, in the environment's region")
    zone_id: ZoneId


class ApiSettings(Settings):
    """The REST API, its usage plans and its firewall."""

    RENAMED: ClassVar[Mapping[str, str]] = {"plan": "rename the table to [api.plans.default]"}

    stage_name: Annotated[str, described("1 to 30 lower-case letters, digits and _", r"^[a-z][a-z0-9_]{0,29}$")] = "v1"
    plans: dict[
        Annotated[str, described("1 to 30 lower-case letters, digits and -, beginning with a letter", _NAME)],
        PlanSettings,
    ] = Field(default={}, description="tables named [api.plans.<name>], e.g. [api.plans.default]")
    canary_percent: Annotated[
        int | None,
        Field(
            ge=1,
            le=99,
            description="percentage of requests that use the newest API deployment, 1 to 99; the others use the "
            "previous "
            "one; absent means that all use the newest",
        ),
    ] = None
    stage_rate_limit: Annotated[
        int | None,
        Field(
            ge=1,
            le=ACCOUNT_RATE_LIMIT,
            description="requests per second for each method, all clients together, 1 to 10000; "
            "absent means the sum of all clients' limits",
        ),
    ] = None
    stage_burst_limit: Annotated[
        int | None,
        Field(
            ge=1,
            le=ACCOUNT_BURST_LIMIT,
            description="requests in a burst for each method, all clients together, 1 to 5000; "
            "absent means the sum of all clients' limits",
        ),
    ] = None
    firewall_rate_per_5_minutes: Annotated[
        int | None,
        Field(
            ge=10,
            le=ACCOUNT_RATE_LIMIT * 300,
            description="requests from one address in 5 minutes above which WAF blocks it, 10 to 3000000; "
            "absent means the limit of one client in the largest plan",
        ),
    ] = None
    user_agent_required: bool = Field(
        default=True,
        description="true or false: WAF blocks requests without User-Agent; set it to false if devices send none",
    )
    allowed_cidrs: tuple[
        Annotated[str, described("an IPv4 or IPv6 block such as 192.0.2.0/24", r"^[0-9a-fA-F.:]+/[0-9]{1,3}$")], ...
    ] = Field(default=(), description="CIDR blocks that may call the API; empty means every address")
    binary_media_types: tuple[
        Annotated[str, described("a media type such as image/png", r"^[a-z]+/[a-z0-9][a-z0-9.+-]*$")], ...
    ] = Field(default=(), description="media types passed through unchanged; all others are treated as UTF-8 text")
    service_host_name: HostName | None = Field(
        default=None,
        description="the host name in the certificate of service.certificate_arn, which API Gateway checks; "
        "required if that is set",
    )
    cors: CorsSettings | None = None
    domain: DomainSettings | None = None
    authorizers: dict[
        Annotated[str, described("1 to 30 lower-case letters, digits and -, beginning with a letter", _NAME)],
        AuthorizerSettings,
    ] = Field(default={}, description="a table of authorizers")
    routes: tuple[RouteSettings, ...] = Field(min_length=1, description="one or more [[api.routes]] tables")

    @property
    def clients(self) -> tuple[str, ...]:
        """Of all plans, sorted."""
        return tuple(sorted(client for plan in self.plans.values() for client in plan.clients))

    @property
    def open_routes(self) -> tuple[str, ...]:
        """Paths with a method that needs no key, sorted; without mock routes, which use no backend."""
        return tuple(
            sorted(
                route.path
                for route in self.routes
                if route.backend != "mock" and not all(map(route.key_required, route.methods))
            )
        )

    @property
    def stage_throttle(self) -> tuple[int, int]:
        """Rate and burst limit of every method; by default the sum of all clients' limits."""
        rate = sum(plan.rate_limit * len(plan.clients) for plan in self._plans)
        burst = sum(plan.burst_limit * len(plan.clients) for plan in self._plans)
        return (
            self.stage_rate_limit or min(rate, ACCOUNT_RATE_LIMIT),
            self.stage_burst_limit or min(burst, ACCOUNT_BURST_LIMIT),
        )

    @property
    def firewall_limit(self) -> int:
        """Maximum requests from one address in 5 minutes; by default the limit of one client in the largest plan."""
        return self.firewall_rate_per_5_minutes or max(10, *(plan.rate_limit * 300 for plan in self._plans))

    @property
    def _plans(self) -> tuple[PlanSettings, ...]:
        """The plans; without any, one default plan with one client, from which the other limits are computed."""
        return tuple(self.plans.values()) or (PlanSettings(clients=("anybody",)),)
