"""What the settings make of themselves, for the allow-list: limits, names and ranges that no settings file has.

Where a resource gets its value from a property of the settings, this is the same property. What modules compute is
computed here a second time, so that a change of one alone is found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from settings import Environment
from settings.api import ApiSettings, path_pattern
from settings.cidr import plan_subnets
from settings.front import api_patterns
from settings.service import DATABASE_REFERENCE, OutboundRule, ecr_repository

_DATABASE = "{aws_secretsmanager_secret.database_secret.arn}"
# Services whose IAM prefix is not the first part of the name of their endpoint.
_PREFIXES = {"monitoring": "cloudwatch"}


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
        "functions": {_short(arn): _function(arn) for route in api.routes if (arn := route.function_arn)},
        "authorizer_functions": {
            name: _function(arn) for name, authorizer in api.authorizers.items() if (arn := authorizer.function_arn)
        },
        "authorizers": "".join(
            f", aws_api_gateway_authorizer.api_authorizer-{name}.id" for name in sorted(api.authorizers)
        ),
        "endpoints": {
            name.replace(".", "-"): {"name": name, "actions": f"{_PREFIXES.get(name, name.partition('.')[0])}:*"}
            for name in environment.network.interface_endpoints
        },
        "outbound": {_outbound(rule): rule.model_dump() for rule in environment.service.outbound},
        "variables": {
            name: name.upper().replace("-", "_") for name in (*environment.service.queues, *environment.service.buckets)
        },
        "scratch": [
            {"path": path, "volume": f"scratch{path.replace('/', '-').replace('.', '_')}"}
            for path in environment.service.scratch_paths
        ],
        "secret_readers": _secret_readers(environment),
        "execution": dict(_execution(environment)),
        "instances": {
            str(number): {
                "zone": environment.zones[(number - 1) % len(environment.zones)],
                "promotion_tier": number - 1,
            }
            for number in range(1, environment.database.instances + 1)
        },
        "other_plans": [name for name in api.plans if name != "default"],
        "instance_arns": ",".join(
            f"{{aws_rds_cluster_instance.database_instance-{number}.arn}}"
            for number in range(1, environment.database.instances + 1)
        ),
        "memory_bytes": int(environment.database.max_capacity * 2 * 2**30),
        "max_connections": _max_connections(environment.database.min_capacity, environment.database.max_capacity),
        "nat_zones": {"none": (), "single": environment.zones[:1], "per_zone": environment.zones}[
            environment.network.nat
        ],
        "subnets": {
            kind: {zone: str(getattr(cut, kind)) for zone, cut in zip(environment.zones, subnets, strict=True)}
            for kind in ("data", "private", "public")
        },
        "secrets": {name: _value_from(reference) for name, reference in environment.service.secrets.items()},
        "clients": {client: {"plan": name} for name, plan in api.plans.items() for client in plan.clients},
    }


def _short(function_arn: str) -> str:
    """Name and qualifier of a function, as the id of its permission has them."""
    return function_arn.split(":", 6)[6].replace(":", "-")


def _function(arn: str) -> dict[str, str | None]:
    parts = arn.split(":")
    return {"arn": ":".join(parts[:7]), "qualifier": parts[7] if len(parts) > 7 else None}


def _outbound(rule: OutboundRule) -> str:
    """What the id of the rule ends with."""
    if (rule.cidr, rule.port) == ("0.0.0.0/0", 443):
        return "world"
    return f"{re.sub('[^0-9a-z]', '-', rule.cidr or str(rule.prefix_list))}-{rule.port}"


def _secret_readers(environment: Environment) -> list[str]:
    """Names of the roles that read the database's secret; ECS does so only where the settings hand it out."""
    kinds = ("task", "execution") if environment.service.injects_database_login else ("task",)
    return [f"{workload}-{kind}" for workload in environment.workloads for kind in kinds]


def _execution(environment: Environment) -> Iterator[tuple[str, dict[str, list[str]]]]:
    """What ECS reads to start a task of each workload: repositories of its images, secrets, and their keys."""
    service = environment.service
    secrets = sorted({_secret(reference) for reference in service.secrets.values()})
    keys = ["{aws_kms_key.keys_secrets_key.arn}"] if service.injects_database_login else []
    keys += service.secret_key_arns
    own = {f"worker-{name}": worker.image for name, worker in environment.workers.items()}
    own |= {f"job-{name}": job.image for name, job in environment.jobs.items()}
    for workload in environment.workloads:
        image = own.get(workload) or service.image
        found = map(ecr_repository, (image, *(sidecar.image for sidecar in service.sidecars)))
        images = {f"arn:aws:ecr:{each.region}:{each.account_id}:repository/{each.name}" for each in found if each}
        yield workload, {"images": sorted(images), "secrets": secrets, "keys": keys if secrets else []}


def _secret(reference: str) -> str:
    """The ARN of a secret that a reference is to, without the key of its JSON."""
    return _DATABASE if reference.startswith(DATABASE_REFERENCE) else ":".join(reference.split(":")[:7])


def _max_connections(min_capacity: float, max_capacity: float) -> int:
    """https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2.setting-capacity.html"""
    return max(1, min(round(211.4 * max_capacity - 22.4), 2000 if min_capacity <= 0.5 else 5000))


def _callers(api: ApiSettings) -> list[str]:
    """What of the API everybody may call: everything, or what has no route with IAM."""
    if all(route.authorizer != "iam" for route in api.routes):
        return ["*"]
    routes = [route for route in api.routes if route.authorizer != "iam"]
    found = {f"{api.stage_name}/{method}{path_pattern(route.path)}" for route in routes for method in route.methods}
    return sorted(found | ({f"{api.stage_name}/OPTIONS/*"} if api.cors else set()))


def _value_from(reference: str) -> str:
    """A reference to a secret as ECS has it, with the key of its JSON."""
    parts = reference.removeprefix(DATABASE_REFERENCE).split(":")
    if reference.startswith(DATABASE_REFERENCE):
        return f"{_DATABASE}:{parts[0]}::"
    return f"{reference}::" if len(parts) > 7 else reference
