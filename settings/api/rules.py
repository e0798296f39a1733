"""Rules between settings of the entry and api stacks; `settings.rules` runs them with all others."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator
from ipaddress import IPv4Address, ip_network

from settings.api import schemas
from settings.api.tables import BODY_METHODS, ApiSettings, PlanSettings
from settings.broken import Broken
from settings.service import ServiceSettings, foreign_certificate

# API Gateway answers these itself: https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
_RESERVED = ("/ping", "/sping")
# In production, one address may use at most this fraction (1/10) of the throttle of open routes.
ONE_OF = 10


def _name_in_certificate(api: ApiSettings, service: ServiceSettings) -> Iterator[Broken]:
    if service.certificate_arn is not None and api.service_host_name is None:
        yield Broken(
            "service.certificate_arn",
            service.certificate_arn,
            "a certificate only with api.service_host_name, the host name that API Gateway checks in it",
            "add api.service_host_name",
        )


def _domain(account_id: str, region: str, api: ApiSettings) -> Iterator[Broken]:
    arn = api.domain.certificate_arn if api.domain else None
    yield from foreign_certificate("api.domain.certificate_arn", arn, account_id, region)


def _origin(api: ApiSettings) -> Iterator[Broken]:
    """The Origin header of browsers has no default port: https://fetch.spec.whatwg.org/#origin-header."""
    origin = api.cors.origin if api.cors else "*"
    host, _, port = origin.removeprefix("https://").partition(":")
    key = "api.cors.origin"
    if port and not 1 <= int(port) <= 65535:
        yield Broken(key, origin, "a port from 1 to 65535", "correct the port")
    elif port == "443" or port.startswith("0"):
        yield Broken(
            key, origin, "an origin as browsers send it: without :443, and without leading zeros", "correct the port"
        )
    if re.search(r"(^|\.)[0-9]+$", host) and not _is_address(host):
        yield Broken(key, origin, "a host name, or an IPv4 address", "correct the host")


def _is_address(host: str) -> bool:
    try:
        IPv4Address(host)
    except ValueError:
        return False
    return True


def _plans(tier: str, api: ApiSettings) -> Iterator[Broken]:
    keyed = [route.path for route in api.routes if any(map(route.key_required, route.methods))]
    if not api.plans:
        what = "a table [api.plans.default]"
        if tier == "production":
            yield Broken("api.plans", {}, f"{what} in production", "add it: without a plan no client is throttled")
        for path in keyed:
            yield Broken(
                "api.plans", {}, f"{what} while {path} needs a key", "add it, or set key = false for that path"
            )
        return
    first = next(iter(api.plans))
    if not keyed:
        yield Broken(
            f"api.plans.{first}.clients",
            list(api.plans[first].clients),
            "clients only if a route needs a key: other routes count against no plan",
            "require a key, or delete the table",
        )
    seen: dict[str, str] = {}
    for name, plan in api.plans.items():
        key = f"api.plans.{name}"
        # https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-usage-plans.html
        for client in plan.clients:
            if client in seen:
                where = "once" if seen[client] == key else f"in one plan, and {client} is in {seen[client]}"
                yield Broken(f"{key}.clients", list(plan.clients), f"each client {where}", "delete one of the two")
            seen[client] = key
        yield from _limits(key, plan, api)
        yield from _throttles(key, plan, api)


def _limits(key: str, plan: PlanSettings, api: ApiSettings) -> Iterator[Broken]:
    rate, burst = plan.rate_limit, plan.burst_limit
    if burst < rate:
        yield Broken(f"{key}.burst_limit", burst, f"{rate} (the rate) or more", "raise it")
    # The lower of the two limits applies, so a plan's limit above the stage's would never be reached.
    for kind, limit, stage in zip(("rate", "burst"), (rate, burst), api.stage_throttle, strict=True):
        if limit > stage:
            allowed = f"at most {stage} (api.stage_{kind}_limit)"
            yield Broken(f"{key}.{kind}_limit", limit, allowed, "lower it, or raise the stage's limit")


def _throttles(key: str, plan: PlanSettings, api: ApiSettings) -> Iterator[Broken]:
    """Throttles must be for methods that count against a plan: those with a key."""
    counted = {(m, route.path) for route in api.routes for m in route.methods if route.key_required(m)}
    seen = set()
    for index, throttle in enumerate(plan.throttles):
        where, named = f"{key}.throttles.{index}", (throttle.method, throttle.path)
        if named not in counted:
            allowed = "a method and path in api.routes that need a key: others count against no plan"
            yield Broken(
                f"{where}.path", " ".join(named), allowed, "correct the method and the path, or delete the table"
            )
        if named in seen:
            yield Broken(f"{where}.path", " ".join(named), "each method of a path once", "delete one of the two")
        seen.add(named)
        if throttle.rate_limit > plan.rate_limit:
            allowed = f"at most {plan.rate_limit} ({key}.rate_limit)"
            yield Broken(f"{where}.rate_limit", throttle.rate_limit, allowed, "lower it, or raise the plan's limit")
        if throttle.burst_limit > plan.burst_limit:
            allowed = f"at most {plan.burst_limit} ({key}.burst_limit)"
            yield Broken(f"{where}.burst_limit", throttle.burst_limit, allowed, "lower it, or raise the plan's limit")


def _open_routes(tier: str, api: ApiSettings) -> Iterator[Broken]:
    """Without a key only the firewall limits single callers; the stage's throttle is shared by all."""
    for index, route in enumerate(api.routes):
        if isinstance(route.key, dict) and (strange := sorted(set(route.key) - set(route.methods))):
            allowed = f"methods of the route: {', '.join(sorted(route.methods))}"
            yield Broken(f"api.routes.{index}.key", ", ".join(strange), allowed, "delete the others")
    most = api.stage_throttle[0] * 300 // ONE_OF
    if tier == "production" and api.plans and api.open_routes and api.firewall_limit > most:
        yield Broken(
            "api.firewall_rate_per_5_minutes",
            api.firewall_limit,
            f"at most {most} in production while {api.open_routes[0]} needs no key: a tenth of the stage's limit in 5 "
            "minutes, so that one address cannot use up the limit of all others",
            "lower it, or raise api.stage_rate_limit",
        )


def _paths(api: ApiSettings) -> Iterator[Broken]:
    seen: dict[str, str] = {}
    variables: dict[str, tuple[str, str]] = {}
    for index, route in enumerate(api.routes):
        key = f"api.routes.{index}.path"
        if route.path in seen:
            yield Broken(key, route.path, "each path only once", "combine the methods in one table")
        seen[route.path] = key
        if route.path in _RESERVED:
            yield Broken(
                key, route.path, f"a path other than {' and '.join(_RESERVED)}, which AWS reserves", "choose another"
            )
        names = path_variables(route.path)
        if len(set(names)) != len(names):
            yield Broken(key, route.path, "each variable only once in a path", "rename one of them")
        if len(set(route.methods)) != len(route.methods):
            yield Broken(
                f"api.routes.{index}.methods", list(route.methods), "each method once", "delete the duplicates"
            )
        parts = route.path.strip("/").split("/")
        for depth, part in enumerate(parts):
            if not part.startswith("{"):
                continue
            parent = "/" + "/".join(parts[:depth])
            other, path = variables.setdefault(parent, (part, route.path))
            if other != part:
                yield Broken(
                    key,
                    route.path,
                    f"{other} instead of {part}, as in {path}: API Gateway allows only one variable name below "
                    f"{parent}",
                    "use the same name",
                )


def _backends(region: str, api: ApiSettings) -> Iterator[Broken]:
    for index, route in enumerate(api.routes):
        key = f"api.routes.{index}"
        if (route.backend == "lambda") != (route.function_arn is not None):
            yield Broken(
                f"{key}.function_arn",
                route.function_arn,
                'the ARN of a function with backend = "lambda"; otherwise no value',
                "add or delete it",
            )
        if route.backend == "mock" and not set(route.methods) <= {"GET", "HEAD"}:
            yield Broken(
                f"{key}.methods", list(route.methods), 'GET and HEAD with backend = "mock"', "choose another backend"
            )
        yield from _own_region(region, f"{key}.function_arn", route.function_arn)


def _authorizers(region: str, api: ApiSettings) -> Iterator[Broken]:
    names = ("iam", *sorted(api.authorizers))
    for index, route in enumerate(api.routes):
        if route.authorizer is not None and route.authorizer not in names:
            yield Broken(
                f"api.routes.{index}.authorizer", route.authorizer, ", ".join(names), "name one, or add its table"
            )
    for name, authorizer in api.authorizers.items():
        key = f"api.authorizers.{name}"
        if name == "iam":
            yield Broken(
                key,
                authorizer.type,
                "a name other than iam, which stands for API Gateway's IAM authorization",
                "rename it",
            )
        if (authorizer.type == "lambda") != (authorizer.function_arn is not None):
            yield Broken(
                f"{key}.function_arn",
                authorizer.function_arn,
                'the ARN of a function with type = "lambda"; otherwise no value',
                "add or delete it",
            )
        if (authorizer.type == "cognito") != bool(authorizer.user_pool_arns):
            yield Broken(
                f"{key}.user_pool_arns",
                list(authorizer.user_pool_arns),
                'one or more ARNs of user pools with type = "cognito"; otherwise no value',
                "add or delete them",
            )
        yield from _own_region(region, f"{key}.function_arn", authorizer.function_arn)


def _own_region(region: str, key: str, arn: str | None) -> Iterator[Broken]:
    if arn is not None and arn.split(":")[3] != region:
        yield Broken(key, arn, f"a function in {region}", "deploy the function in that region")


def _iam_paths(api: ApiSettings) -> Iterator[Broken]:
    """The API's policy allows everybody to call routes without IAM; their `*` must not match a route with IAM."""
    for index, route in enumerate(api.routes):
        if route.authorizer != "iam":
            continue
        for other in api.routes:
            shared = set(route.methods) & set(other.methods)
            if other.authorizer != "iam" and shared and fnmatch.fnmatchcase(route.path, path_pattern(other.path)):
                yield Broken(
                    f"api.routes.{index}.path",
                    route.path,
                    f'with authorizer = "iam" a path that does not match a route without it, such as {other.path}',
                    'set authorizer = "iam" for that route too, or choose another path',
                )


def _request_schemas(project: str, api: ApiSettings) -> Iterator[Broken]:
    for index, route in enumerate(api.routes):
        key = f"api.routes.{index}.request_schema"
        with_body = sorted(set(route.methods) & set(BODY_METHODS))
        if route.request_schema is None:
            # PCI DSS 6.2.4 and the security scan require that every body is validated before a backend reads it.
            if with_body:
                allowed = f"a file in environments/schemas/{project}/ for the bodies of {', '.join(with_body)}"
                yield Broken(key, None, allowed, "set one; a schema that contains only $schema allows any JSON")
            continue
        if not with_body:
            yield Broken(
                key, route.request_schema, f"no schema without one of {', '.join(BODY_METHODS)}", "delete the key"
            )
        try:
            schemas.read(project, route.request_schema)
        except schemas.SchemaError as error:
            allowed = "a JSON Schema of draft 4, the only draft that API Gateway supports"
            yield Broken(key, route.request_schema, allowed, f"correct it: {error}")


def _sources(api: ApiSettings) -> Iterator[Broken]:
    for block in api.allowed_cidrs:
        try:
            ip_network(block)
        except ValueError:
            yield Broken("api.allowed_cidrs", block, "blocks without host bits", "correct the block")


def path_variables(path: str) -> list[str]:
    """`["deviceId"]` of `/devices/{deviceId}/readings`."""
    return re.findall(r"\{([A-Za-z0-9_]+)\+?\}", path)


def path_pattern(path: str) -> str:
    """The path in the format of a method's ARN in a policy: `/devices/*/readings`."""
    return re.sub(r"\{[^}]*\}", "*", path)


RULES = (
    _name_in_certificate,
    _domain,
    _origin,
    _plans,
    _open_routes,
    _paths,
    _backends,
    _authorizers,
    _iam_paths,
    _request_schemas,
    _sources,
)
