"""What a list cannot say of a new resource: it denies whoever comes without TLS, and what holds data is kept."""

from __future__ import annotations

from collections.abc import Iterator

from tools.scan.checks.check import Check
from tools.synthesized.platform import Platform
from tools.synthesized.resource_types import resource_types
from tools.synthesized.resources import Finding, Resource, Statement

# Data that only a person may delete, in production.
_KEPT = tuple(name for name, type_ in resource_types().types.items() if type_.kept)
_MOUNTING = {
    "elasticfilesystem:ClientMount", "elasticfilesystem:ClientRootAccess", "elasticfilesystem:ClientWrite",
}  # fmt: skip
# (resource, its policy, argument of the policy that names it, actions that must be denied without TLS)
_TLS = (
    ("aws_s3_bucket", "aws_s3_bucket_policy", "bucket", {"s3:*"}),
    ("aws_sns_topic", "aws_sns_topic_policy", "arn", {"sns:Publish"}),
    ("aws_api_gateway_rest_api", "aws_api_gateway_rest_api_policy", "rest_api_id", {"execute-api:Invoke"}),
    ("aws_sqs_queue", "aws_sqs_queue_policy", "queue_url", {"sqs:*"}),
    ("aws_efs_file_system", "aws_efs_file_system_policy", "file_system_id", _MOUNTING),
)  # fmt: skip


def _everybody(statement: Statement) -> bool:
    return statement.body.get("Principal") in ("*", {"AWS": "*"}, {"AWS": ["*"]})


def _denies(statement: Statement, actions: set[str], condition: tuple[str, str, str]) -> bool:
    """Denied to everybody under exactly this condition, for it alone: another one would narrow the denial."""
    (operator, key, value) = condition
    return (
        not statement.allows
        and _everybody(statement)
        and actions <= set(statement.actions)
        and statement.conditions == [(operator, key, [value])]
    )


def _covers(platform: Platform, statement: Statement, target: Resource) -> bool:
    if statement.resource is target:  # an argument of the target cannot refer to it
        return any(arn.endswith(f":{target.values.get('name')}") for arn in statement.resources)
    named = [arn for arn in statement.resources if target in platform.referred(target.stack, arn)]
    if target.type == "aws_s3_bucket":
        return any(arn.endswith("/*") for arn in named) and any(not arn.endswith("*") for arn in named)
    return bool(named)


def _policies(platform: Platform, target: Resource, type_: str, through: str) -> Iterator[Statement]:
    yield from target.statements
    for holder in platform.referring(target, type_, through=through):
        yield from holder.statements


def _tls(platform: Platform) -> Iterator[Finding]:
    for type_, policy, through, actions in _TLS:
        for target in platform.all(type_):
            wanted = ("Bool", "aws:SecureTransport", "false")
            if not any(
                _denies(statement, actions, wanted) and _covers(platform, statement, target)
                for statement in _policies(platform, target, policy, through)
            ):
                yield target.finding("TLS_ONLY", f"must have an {policy} that denies everybody without TLS")


def _protected(resource: Resource) -> bool:
    return bool((resource.values.get("lifecycle") or {}).get("prevent_destroy"))


def _kept(platform: Platform) -> Iterator[Finding]:
    if platform.tier == "production":
        for resource in platform.all(*_KEPT):
            if not _protected(resource) and resource.values.get("force_destroy") is not False:
                yield resource.finding("KEPT", "lifecycle.prevent_destroy must be true: it holds data")
    for resource in platform.resources:
        if _protected(resource):
            for key in platform.referred(resource.stack, resource.arguments):
                if key.type == "aws_kms_key" and not _protected(key):
                    yield key.finding("KEPT", f"must outlive what it encrypts: {resource.address} is never destroyed")


CHECKS = (
    Check("TLS_ONLY", "Buckets, topics, queues and file systems deny whoever comes without TLS", ("4.2.1",),
          tuple(row[0] for row in _TLS), _tls),
    Check("KEPT", "What holds data, and the key it is under, cannot be destroyed by a deployment", ("12.10", "3.7"),
          (*_KEPT, "aws_kms_key"), _kept),
)  # fmt: skip
