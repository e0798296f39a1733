"""What must stand beside a resource: the policy of a bucket, the schedule of a secret, the group of a log."""

from __future__ import annotations

from collections.abc import Iterator

from tools.scan.checks.check import Check
from tools.synthesized.platform import Platform
from tools.synthesized.resource_types import resource_types
from tools.synthesized.resources import Finding, Resource, Statement

# Data that only a person may delete, in production.
_KEPT = tuple(name for name, type_ in resource_types().types.items() if type_.kept)
_BESIDE_BUCKET = (
    "aws_s3_bucket_public_access_block",
    "aws_s3_bucket_ownership_controls",
    "aws_s3_bucket_versioning",
    "aws_s3_bucket_server_side_encryption_configuration",
)
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
_CLUSTER_PARAMETERS = {"rds.force_ssl": "1", "password_encryption": "scram-sha-256", "log_statement": "ddl"}


def _beside_bucket(platform: Platform) -> Iterator[Finding]:
    for bucket in platform.all("aws_s3_bucket"):
        for type_ in _BESIDE_BUCKET:
            if not platform.referring(bucket, type_, through="bucket"):
                yield bucket.finding("S3_COMPANIONS", f"must have an {type_}", type_)


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


def _efs(platform: Platform) -> Iterator[Finding]:
    for target in platform.all("aws_efs_file_system"):
        held = list(_policies(platform, target, "aws_efs_file_system_policy", "file_system_id"))
        past = ("Null", "elasticfilesystem:AccessPointArn", "true")
        if not any(_denies(s, _MOUNTING, past) and _covers(platform, s, target) for s in held):
            yield target.finding("EFS_POLICY", "must deny everybody who comes past the access points")
        if any(statement.allows for statement in held):
            yield target.finding("EFS_POLICY", "must allow nothing: identities' policies do")
        if not platform.referring(target, "aws_efs_backup_policy", through="file_system_id"):
            yield target.finding("EFS_POLICY", "must say whether it is backed up")


def _secrets(platform: Platform) -> Iterator[Finding]:
    for secret in platform.all("aws_secretsmanager_secret"):
        rotations = platform.referring(secret, "aws_secretsmanager_secret_rotation", through="secret_id")
        functions = [platform.referred(r.stack, r.values.get("rotation_lambda_arn")) for r in rotations]
        if [[function.type for function in found] for found in functions] != [["aws_lambda_function"]]:
            yield secret.finding("SECRET_COMPANIONS", "must be rotated by the function of this environment")
        denials = [
            statement
            for statement in _policies(platform, secret, "aws_secretsmanager_secret_policy", "secret_arn")
            if not statement.allows and _everybody(statement) and "secretsmanager:GetSecretValue" in statement.actions
        ]
        kinds = [sorted((operator, key) for operator, key, _ in statement.conditions) for statement in denials]
        if [("ArnNotEquals", "aws:PrincipalArn"), ("StringNotEquals", "secretsmanager:VersionId")] not in kinds:
            yield secret.finding("SECRET_COMPANIONS", "must deny reading to everybody but its named readers")
        for statement in denials:
            for operator, key, values in statement.conditions:
                for value in values:
                    if key == "aws:PrincipalArn" and not platform.referred(secret.stack, value) and "*" in value:
                        yield statement.finding("SECRET_COMPANIONS", f"{operator} {value} lets many read")
                    if not platform.referred(secret.stack, value) and f":{platform.account_id}:" not in value:
                        yield statement.finding("SECRET_COMPANIONS", f"{key} = {value} is of no known reader")
        if not any(secret in platform.referred(secret.stack, statement.resources) for statement in denials):
            yield secret.finding("SECRET_COMPANIONS", "the denial must name this secret")
    for cluster in platform.all("aws_rds_cluster"):
        if not any(
            cluster in platform.referred(rotation.stack, rotation.values.get("secret_id"))
            for rotation in platform.all("aws_secretsmanager_secret_rotation")
        ):
            yield cluster.finding("SECRET_COMPANIONS", "the rotation of its master secret must be explicit")


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
    for encryption in platform.all("aws_s3_bucket_server_side_encryption_configuration"):
        buckets = platform.referred(encryption.stack, encryption.values.get("bucket"))
        for key in platform.referred(encryption.stack, encryption.values.get("rule")):
            if any(map(_protected, buckets)) and not _protected(key):
                yield key.finding("KEPT", "must outlive the bucket that it encrypts")
    for bucket in platform.all("aws_s3_bucket"):
        if bucket.values.get("force_destroy") is True and (_protected(bucket) or platform.tier == "production"):
            yield bucket.finding("KEPT", "force_destroy deletes its objects")


def _parameters(platform: Platform) -> Iterator[Finding]:
    for group in platform.all("aws_rds_cluster_parameter_group"):
        found = {item.get("name"): str(item.get("value")) for item in group.values.get("parameter") or []}
        for name, value in _CLUSTER_PARAMETERS.items():
            if found.get(name) != value:
                yield group.finding("RDS_FORCE_TLS", f"{name} must be {value}", name)


def _state(platform: Platform) -> Iterator[Finding]:
    for stack, content in platform.stacks.items():
        backend = content.get("terraform", {}).get("backend", {}).get("s3", {})
        for key, holds in (
            ("encrypt", backend.get("encrypt") is True),
            ("use_lockfile", backend.get("use_lockfile") is True),
            ("kms_key_id", f":{platform.account_id}:alias/" in str(backend.get("kms_key_id"))),
        ):
            if not holds:
                yield Finding("STATE", stack, "terraform.backend.s3", f"{key} must be set", key)
        (provider, *_) = content.get("provider", {}).get("aws") or [{}]
        if provider.get("allowed_account_ids") != [platform.account_id]:
            yield Finding("STATE", stack, "provider.aws", "allowed_account_ids must be the environment's account")
        if {"access_key", "secret_key", "token", "shared_credentials_files"} & set(provider):
            yield Finding("STATE", stack, "provider.aws", "credentials come from the caller's shell")


def _logs_first(platform: Platform) -> Iterator[Finding]:
    """A producer that finds no group makes one itself: without key, and kept for ever."""
    names = {str(group.values.get("name")) for group in platform.all("aws_cloudwatch_log_group")}
    for cluster in platform.all("aws_rds_cluster"):
        if f"/aws/rds/cluster/{cluster.values.get('cluster_identifier')}/postgresql" not in names:
            yield cluster.finding("LOGS_FIRST", "its log group /aws/rds/cluster/<identifier>/postgresql is missing")
    for stage in platform.all("aws_api_gateway_stage"):
        api = stage.values.get("rest_api_id")
        if f"API-Gateway-Execution-Logs_{api}/{stage.values.get('stage_name')}" not in names:
            yield stage.finding("LOGS_FIRST", "its log group API-Gateway-Execution-Logs_<api>/<stage> is missing")


CHECKS = (
    Check("S3_COMPANIONS", "Buckets are private, owned, versioned and encrypted", ("1.4.4", "3.5"),
          ("aws_s3_bucket",), _beside_bucket),
    Check("TLS_ONLY", "Buckets, topics, queues and file systems deny whoever comes without TLS", ("4.2.1",),
          tuple(row[0] for row in _TLS), _tls),
    Check("EFS_POLICY", "Files are reached through access points only", ("7.2",), ("aws_efs_file_system",), _efs),
    Check("SECRET_COMPANIONS", "Secrets are rotated and read by their named readers only", ("7.2.2", "8.6.3"),
          ("aws_secretsmanager_secret", "aws_rds_cluster"), _secrets),
    Check("KEPT", "What holds data, and the key it is under, cannot be destroyed by a deployment", ("12.10", "3.7"),
          (*_KEPT, "aws_kms_key"), _kept),
    Check("RDS_FORCE_TLS", "Aurora refuses connections without TLS and weak password hashes", ("4.2.1", "8.3.2"),
          ("aws_rds_cluster_parameter_group",), _parameters),
    Check("STATE", "States are encrypted under their own key, locked, and of one account", ("3.5", "10.3"), (), _state),
    Check("LOGS_FIRST", "Log groups of those that make their own exist before them", ("10.3", "10.5.1"),
          ("aws_rds_cluster", "aws_api_gateway_stage", "aws_cloudwatch_log_group"), _logs_first),
)  # fmt: skip
