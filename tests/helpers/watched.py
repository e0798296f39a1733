"""Reads what a synthesized monitoring stack watches, and whether a stack makes what is watched."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from all_environments import load
from synthesized import Attributes, Synthesized, read_stack

# Dimension -> the type of resource and the attribute that say its value. A dimension that is not here may name anything
# that is made: whatever has an attribute of its very value, or is what it refers to.
IDENTITIES = {
    "ApiName": ("aws_api_gateway_rest_api", "name"),
    "BackupVaultName": ("aws_backup_vault", "name"),
    "CacheClusterId": ("aws_elasticache_replication_group", "replication_group_id"),
    "ClusterName": ("aws_ecs_cluster", "name"),
    "DBClusterIdentifier": ("aws_rds_cluster", "cluster_identifier"),
    "FileSystemId": ("aws_efs_file_system", "id"),
    "FunctionName": ("aws_lambda_function", "function_name"),
    "LoadBalancer": ("aws_lb", "arn_suffix"),
    "NatGatewayId": ("aws_nat_gateway", "id"),
    "RuleName": ("aws_cloudwatch_event_rule", "name"),
    "SecretArn": ("aws_secretsmanager_secret", "arn"),
    "ServiceName": ("aws_ecs_service", "name"),
    "Stage": ("aws_api_gateway_stage", "stage_name"),
    "TargetGroup": ("aws_lb_target_group", "arn_suffix"),
    "WebACL": ("aws_wafv2_web_acl", "visibility_config.metric_name"),
}
REMOTE = re.compile(r"\$\{data\.terraform_remote_state\.cross-stack-reference-input-([\w-]+)\.outputs\.([\w-]+)\}")
REFERENCE = re.compile(r"^\$\{(aws_[a-z0-9_]+)\.([\w-]+)\.(\w+)\}(.*)$")


def alarms(stack: Synthesized) -> dict[str, Attributes]:
    """Every metric alarm by its name."""
    return {alarm["alarm_name"]: alarm for alarm in stack.all("aws_cloudwatch_metric_alarm")}


def metrics(alarm: Attributes) -> Iterator[tuple[str, str, dict[str, str]]]:
    """(namespace, name, dimensions) of everything that an alarm reads."""
    for source in [query["metric"] for query in alarm.get("metric_query", []) if "metric" in query] or [alarm]:
        yield source["namespace"], source["metric_name"], source.get("dimensions", {})


def drawn(stack: Synthesized) -> Iterator[tuple[str, str, dict[str, str]]]:
    """The same of every line of the dashboard."""
    for widget in json.loads(stack.one("aws_cloudwatch_dashboard")["dashboard_body"])["widgets"]:
        for line in widget["properties"].get("metrics", []):
            if isinstance(line[0], str):
                namespace, name, *flat, _ = line
                yield namespace, name, dict(zip(flat[::2], flat[1::2], strict=True))


def exists(outdir: Path, environment: str, dimension: str, value: str) -> bool:
    """Whether a stack makes what the dimension's value names, by reference or by the very same text."""
    if dimension == "Region":
        return value in (load(environment).region, "Global")  # CloudFront's
    if dimension == "ResourceType":
        return value in ("Aurora", "EFS")  # what the plan backs up
    if dimension == "Rule":
        return value == "ALL"  # every rule of the web ACL together
    return maker(outdir, environment, dimension, value) is not None


def maker(outdir: Path, environment: str, dimension: str, value: str) -> str | None:
    """The stack that makes it, if one does. Regions and rules of a web ACL are not made."""
    type_, attribute = IDENTITIES.get(dimension, (None, None))
    remote = REMOTE.search(value)
    if remote is None:
        stacks = (folder.name for folder in sorted((outdir / "stacks").glob(f"{environment}-*")))
        return next((name for name in stacks if _makes(read_stack(outdir, name), type_, attribute, value)), None)
    made_in = read_stack(outdir, remote[1])
    reference = REFERENCE.match(value.replace(remote[0], made_in.outputs[remote[2]]["value"]))
    assert reference is not None, value
    found = made_in.json["resource"].get(reference[1], {}).get(reference[2])
    is_it = found is not None and type_ in (None, reference[1]) and attribute in (None, reference[3])
    return remote[1] if is_it and (not reference[4] or reference[4] in _node_endings(found, made_in)) else None


def _makes(stack: Synthesized, type_: str | None, attribute: str | None, value: str) -> bool:
    if type_ is None or attribute is None:
        made = [found for of_type in stack.json["resource"].values() for found in of_type.values()]
        return any(value in (said for said in found.values() if isinstance(said, str)) for found in made)
    return any(_attribute(made, attribute) == value for made in stack.all(type_))


def _attribute(resource: Attributes, path: str) -> Any:
    value: Any = resource
    for part in path.split("."):
        value = value[part]
    return value


def _node_endings(group: Attributes, stack: Synthesized) -> set[str]:
    """How ElastiCache names the nodes of a replication group that has these arguments, at its largest."""
    if not {"num_node_groups", "num_cache_clusters"} & group.keys():
        return set()
    if "num_node_groups" not in group:
        return {f"-{node:03}" for node in range(1, group["num_cache_clusters"] + 1)}
    most = {
        target["scalable_dimension"].rpartition(":")[2]: target["max_capacity"]
        for target in stack.all("aws_appautoscaling_target", service_namespace="elasticache")
    }
    shards = max(group["num_node_groups"], most.get("NodeGroups", 0))
    nodes = 1 + max(group["replicas_per_node_group"], most.get("Replicas", 0))
    return {f"-{shard:04}-{node:03}" for shard in range(1, shards + 1) for node in range(1, nodes + 1)}
