"""What the settings make of themselves, for the allow-list: limits, names and ranges that no settings file has.

Where a resource gets its value from a property of the settings, this is the same property. What modules compute is
computed here a second time, so that a change of one alone is found.
"""

from __future__ import annotations

from typing import Any

from settings import Environment
from settings.api import ApiSettings, path_pattern
from settings.cidr import plan_subnets
from settings.front import api_patterns
from settings.service import DATABASE_REFERENCE


def computed(environment: Environment) -> dict[str, Any]:
    """By the names that the allow-list uses, as `{computed.stage_rate}`; references are written as it writes them."""
    api = environment.api
    rate, burst = api.stage_throttle
    subnets = plan_subnets(environment.network.cidr, len(environment.zones))
    return {
        "stage_rate": rate,
        "stage_burst": burst,
        "firewall_limit": api.firewall_limit,
        "front_paths": api_patterns(api),
        "cache_node_count": len(environment.cache.node_suffixes),
        "on_demand_percent": 100 - environment.service.spot_percent,
        "deployment_minutes": max(10, environment.monitoring.sustained_minutes),
        "cache_nodes": environment.cache.node_suffixes,
        "backup_time": environment.backup and "{1:d} {0:d}".format(*map(int, environment.backup.start.split(":"))),
        "callers": _callers(api),
        "functions": [":".join(route.function_arn.split(":")[:7]) for route in api.routes if route.function_arn],
        "subnets": {
            kind: {zone: str(getattr(cut, kind)) for zone, cut in zip(environment.zones, subnets, strict=True)}
            for kind in ("data", "private", "public")
        },
        "secrets": {name: _value_from(reference) for name, reference in environment.service.secrets.items()},
        "clients": {client: {"plan": name} for name, plan in api.plans.items() for client in plan.clients},
    }


def _callers(api: ApiSettings) -> list[str]:
    """What of the API everybody may call: everything, or what has no route with IAM."""
    if all(route.authorizer != "iam" for route in api.routes):
        return ["*"]
    routes = [route for route in api.routes if route.authorizer != "iam"]
    found = {f"{api.stage_name}/{method}{path_pattern(route.path)}" for route in routes for method in route.methods}
    return sorted(found | ({f"{api.stage_name}/OPTIONS/*"} if api.cors else set()))


def _value_from(reference: str) -> str:
    """A reference to a secret as ECS has it, with the key of its JSON."""
    database = "{aws_secretsmanager_secret.database_secret.arn}:"
    parts = reference.removeprefix(DATABASE_REFERENCE).split(":")
    if reference.startswith(DATABASE_REFERENCE):
        return f"{database}{parts[0]}::"
    return f"{reference}::" if len(parts) > 7 else reference
