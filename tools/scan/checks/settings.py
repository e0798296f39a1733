"""Demands on single arguments: one line each, by resource type."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from tools.scan.checks.check import Check
from tools.scan.checks.demands import (
    ValueDemand,
    be,
    be_absent,
    be_at_least,
    be_between,
    be_one_of,
    be_present,
    be_unset_or,
    contain,
    match,
    mention,
    not_be,
    refer_to,
)
from tools.synthesized.platform import Platform
from tools.synthesized.resources import Finding
from tools.synthesized.values import lookup

_KEY = refer_to("aws_kms_key")
_YEAR = 365
# Names that every attacker tries first.
_DEFAULT_NAMES = ("admin", "administrator", "master", "postgres", "root", "rdsadmin")

# (check, type, path, demand, PCI DSS requirements[, "production"])
RULES: tuple[tuple[str, str, str, ValueDemand, str] | tuple[str, str, str, ValueDemand, str, str], ...] = (
    # Keys
    ("KMS_ROTATION", "aws_kms_key", "enable_key_rotation", be(True), "3.7.4"),
    ("KMS_ROTATION_PERIOD", "aws_kms_key", "rotation_period_in_days",
     be_between(90, _YEAR).set_by("encryption.rotation_period_days"), "3.7.4"),
    ("KMS_POLICY", "aws_kms_key", "policy", be_present(), "3.6.1"),
    ("KMS_LOCKOUT", "aws_kms_key", "bypass_policy_lockout_safety_check", not_be(True), "3.6.1"),
    ("KMS_ENABLED", "aws_kms_key", "is_enabled", not_be(False), "3.7"),
    ("KMS_WINDOW", "aws_kms_key", "deletion_window_in_days",
     be_between(7, 30).set_by("encryption.deletion_window_days"), "3.7"),
    ("KMS_WINDOW_PRODUCTION", "aws_kms_key", "deletion_window_in_days",
     be(30).set_by("encryption.deletion_window_days"), "3.7", "production"),
    # Logs
    ("LOG_KEY", "aws_cloudwatch_log_group", "kms_key_id", _KEY, "3.5 10.3"),
    ("LOG_RETENTION", "aws_cloudwatch_log_group", "retention_in_days",
     be_at_least(1).set_by("logs.retention_days"), "10.5.1"),
    ("LOG_YEAR", "aws_cloudwatch_log_group", "retention_in_days",
     be_at_least(_YEAR).set_by("logs.retention_days"), "10.5.1", "production"),
    ("FLOW_LOG_ALL", "aws_flow_log", "traffic_type",
     be("ALL").set_by("network.flow_log_traffic"), "10.2", "production"),
    ("FLOW_LOG_GROUP", "aws_flow_log", "log_destination", refer_to("aws_cloudwatch_log_group"), "10.2"),
    # Aurora
    ("RDS_ENCRYPTED", "aws_rds_cluster", "storage_encrypted", be(True), "3.5"),
    ("RDS_KEY", "aws_rds_cluster", "kms_key_id", _KEY, "3.5 3.6"),
    ("RDS_MASTER", "aws_rds_cluster", "manage_master_user_password", be(True), "8.3.2 8.6.2"),
    ("RDS_MASTER_KEY", "aws_rds_cluster", "master_user_secret_kms_key_id", _KEY, "3.6 8.3.2"),
    ("RDS_MASTER_NAME", "aws_rds_cluster", "master_username", be_present(), "2.2.2"),
    ("RDS_MASTER_NAME_DEFAULT", "aws_rds_cluster", "master_username",
     not_be(*_DEFAULT_NAMES).set_by("database.master_username"), "2.2.2"),
    ("RDS_PASSWORD", "aws_rds_cluster", "master_password", be_absent("RDS makes and rotates it"), "8.6.2"),
    ("RDS_IAM", "aws_rds_cluster", "iam_database_authentication_enabled",
     be(True).set_by("database.iam_authentication"), "8.2", "production"),
    ("RDS_LOGS", "aws_rds_cluster", "enabled_cloudwatch_logs_exports", contain("postgresql"), "10.2"),
    ("RDS_PARAMETERS", "aws_rds_cluster", "db_cluster_parameter_group_name",
     refer_to("aws_rds_cluster_parameter_group"), "2.2.1"),
    ("RDS_SUBNETS", "aws_rds_cluster", "db_subnet_group_name", refer_to("aws_db_subnet_group"), "1.4.4"),
    ("RDS_GROUPS", "aws_rds_cluster", "vpc_security_group_ids", refer_to("aws_security_group"), "1.3"),
    ("RDS_BACKUP", "aws_rds_cluster", "backup_retention_period",
     be_at_least(1).set_by("database.backup_retention_days"), "12.10"),
    ("RDS_SNAPSHOT_TAGS", "aws_rds_cluster", "copy_tags_to_snapshot", be(True), "12.5"),
    ("RDS_INSTANCE_GROUP", "aws_rds_cluster", "db_instance_parameter_group_name",
     refer_to("aws_db_parameter_group"), "2.2.1"),
    ("RDS_INSIGHTS_KEY", "aws_rds_cluster", "performance_insights_kms_key_id", _KEY, "3.5"),
    ("RDS_BACKUP_PRODUCTION", "aws_rds_cluster", "backup_retention_period",
     be_at_least(7).set_by("database.backup_retention_days"), "12.10", "production"),
    ("RDS_PROTECTED", "aws_rds_cluster", "deletion_protection", be(True), "12.10", "production"),
    ("RDS_FINAL_SNAPSHOT", "aws_rds_cluster", "skip_final_snapshot",
     not_be(True).set_by("database.final_snapshot"), "12.10", "production"),
    ("RDS_FINAL_NAME", "aws_rds_cluster", "final_snapshot_identifier", be_present(), "12.10", "production"),
    ("RDS_OLD_BACKUPS", "aws_rds_cluster", "delete_automated_backups", be(False), "12.10", "production"),
    ("RDS_PUBLIC", "aws_rds_cluster_instance", "publicly_accessible", be(False), "1.4.4"),
    ("RDS_INSTANCE_INSIGHTS_KEY", "aws_rds_cluster_instance", "performance_insights_kms_key_id", _KEY, "3.5"),
    ("RDS_PATCHES", "aws_rds_cluster_instance", "auto_minor_version_upgrade", be(True), "6.3.3"),
    ("RDS_INSTANCE_PARAMETERS", "aws_rds_cluster_instance", "db_parameter_group_name",
     refer_to("aws_db_parameter_group"), "2.2.1"),
    ("RDS_MONITORING", "aws_rds_cluster_instance", "monitoring_interval",
     be_between(1, 60).set_by("database.enhanced_monitoring_seconds"), "10.7", "production"),
    ("RDS_MONITORING_ROLE", "aws_rds_cluster_instance", "monitoring_role_arn", refer_to("aws_iam_role"), "7.2",
     "production"),
    # Redis
    ("REDIS_ENCRYPTED", "aws_elasticache_replication_group", "at_rest_encryption_enabled", be(True), "3.5"),
    ("REDIS_KEY", "aws_elasticache_replication_group", "kms_key_id", _KEY, "3.5 3.6"),
    ("REDIS_TLS", "aws_elasticache_replication_group", "transit_encryption_enabled", be(True), "4.2.1"),
    ("REDIS_TLS_ONLY", "aws_elasticache_replication_group", "transit_encryption_mode", be("required"), "4.2.1"),
    ("REDIS_USERS", "aws_elasticache_replication_group", "user_group_ids", refer_to("aws_elasticache_user_group"),
     "8.2 8.6.2"),
    ("REDIS_TOKEN", "aws_elasticache_replication_group", "auth_token", be_absent("users log in with IAM"), "8.6.2"),
    ("REDIS_GROUPS", "aws_elasticache_replication_group", "security_group_ids", refer_to("aws_security_group"), "1.3"),
    ("REDIS_SUBNETS", "aws_elasticache_replication_group", "subnet_group_name",
     refer_to("aws_elasticache_subnet_group"), "1.4.4"),
    ("REDIS_PARAMETERS", "aws_elasticache_replication_group", "parameter_group_name",
     refer_to("aws_elasticache_parameter_group"), "2.2.1"),
    ("REDIS_LOGS", "aws_elasticache_replication_group", "log_delivery_configuration.log_type",
     contain("engine-log", "slow-log"), "10.2"),
    ("REDIS_LOG_GROUPS", "aws_elasticache_replication_group", "log_delivery_configuration.destination",
     refer_to("aws_cloudwatch_log_group"), "10.2"),
    ("REDIS_PATCHES", "aws_elasticache_replication_group", "auto_minor_version_upgrade", be(True), "6.3.3"),
    ("REDIS_BACKUP", "aws_elasticache_replication_group", "snapshot_retention_limit",
     be_at_least(5).set_by("cache.snapshot_retention_days"), "12.10",
     "production"),
    ("REDIS_FINAL_SNAPSHOT", "aws_elasticache_replication_group", "final_snapshot_identifier",
     be_present().set_by("cache.final_snapshot"), "12.10",
     "production"),
    ("REDIS_FAILOVER", "aws_elasticache_replication_group", "automatic_failover_enabled",
     be(True).set_by("cache.form"), "12.10",
     "production"),
    ("REDIS_ZONES", "aws_elasticache_replication_group", "multi_az_enabled",
     be(True).set_by("cache.replicas_per_shard"), "12.10", "production"),
    # Files
    ("EFS_ENCRYPTED", "aws_efs_file_system", "encrypted", be(True), "3.5"),
    ("EFS_KEY", "aws_efs_file_system", "kms_key_id", _KEY, "3.5 3.6"),
    ("EFS_GROUPS", "aws_efs_mount_target", "security_groups", refer_to("aws_security_group"), "1.3"),
    ("EFS_USER", "aws_efs_access_point", "posix_user.uid", be_at_least(1), "7.2"),
    ("EFS_USER_GROUP", "aws_efs_access_point", "posix_user.gid", be_at_least(1), "7.2"),
    ("EFS_ROOT", "aws_efs_access_point", "root_directory.path", match(r"/.+", "be a directory below the root"), "7.2"),
    ("EFS_OWNER", "aws_efs_access_point", "root_directory.creation_info.owner_uid", be_at_least(1), "7.2"),
    ("EFS_OWNER_GROUP", "aws_efs_access_point", "root_directory.creation_info.owner_gid", be_at_least(1), "7.2"),
    ("EFS_MODE", "aws_efs_access_point", "root_directory.creation_info.permissions",
     match(r"0?[0-7][0-7]0", "give nothing to others"), "7.2"),
    ("EFS_BACKUP", "aws_efs_backup_policy", "backup_policy.status",
     be("ENABLED").set_by("storage.backup"), "12.10", "production"),
    # Buckets
    ("S3_ACLS", "aws_s3_bucket_public_access_block", "block_public_acls", be(True), "1.4.4"),
    ("S3_POLICIES", "aws_s3_bucket_public_access_block", "block_public_policy", be(True), "1.4.4"),
    ("S3_OLD_ACLS", "aws_s3_bucket_public_access_block", "ignore_public_acls", be(True), "1.4.4"),
    ("S3_RESTRICTED", "aws_s3_bucket_public_access_block", "restrict_public_buckets", be(True), "1.4.4"),
    ("S3_KEPT", "aws_s3_bucket_lifecycle_configuration", "rule.expiration.days", be_unset_or(be_at_least(_YEAR)),
     "10.5.1", "production"),
    ("S3_OLD_KEPT", "aws_s3_bucket_lifecycle_configuration", "rule.noncurrent_version_expiration.noncurrent_days",
     be_unset_or(be_at_least(30)), "10.3"),
    ("S3_OWNER", "aws_s3_bucket_ownership_controls", "rule.object_ownership", be("BucketOwnerEnforced"), "7.2"),
    ("S3_VERSIONS", "aws_s3_bucket_versioning", "versioning_configuration.status", be("Enabled"), "10.3"),
    ("S3_ENCRYPTED", "aws_s3_bucket_server_side_encryption_configuration",
     "rule.apply_server_side_encryption_by_default.sse_algorithm", be("aws:kms"), "3.5"),
    ("S3_KEY", "aws_s3_bucket_server_side_encryption_configuration",
     "rule.apply_server_side_encryption_by_default.kms_master_key_id", _KEY, "3.5 3.6"),
    # Secrets
    ("SECRET_KEY", "aws_secretsmanager_secret", "kms_key_id", _KEY, "3.5 3.6"),
    ("SECRET_WINDOW", "aws_secretsmanager_secret", "recovery_window_in_days",
     be_between(7, 30).set_by("rotation.recovery_window_days"), "12.10",
     "production"),
    ("SECRET_PUBLIC", "aws_secretsmanager_secret_policy", "block_public_policy", be(True), "7.2"),
    ("SECRET_ROTATION", "aws_secretsmanager_secret_rotation", "rotation_rules.automatically_after_days",
     be_between(1, 90).set_by("rotation.interval_days"), "8.3.9 8.6.3"),
    ("SECRET_FACTS", "aws_secretsmanager_secret_version", "secret_binary", be_absent("nobody could read it"), "8.6.2"),
    ("SECRET_LIVE", "aws_secretsmanager_secret_version", "lifecycle.ignore_changes",
     contain("secret_string", "version_stages"), "8.3.9"),
    # Functions
    ("LAMBDA_ENVIRONMENT", "aws_lambda_function", "environment",
     be_absent("who reads the function would read it; passwords have the 32 characters of the code"), "8.3.6 8.6.2"),
    ("LAMBDA_NETWORK", "aws_lambda_function", "vpc_config.subnet_ids", refer_to("aws_subnet"), "1.3"),
    ("LAMBDA_GROUPS", "aws_lambda_function", "vpc_config.security_group_ids", refer_to("aws_security_group"), "1.3"),
    ("LAMBDA_LOG", "aws_lambda_function", "logging_config.log_group", refer_to("aws_cloudwatch_log_group"), "10.2"),
    ("LAMBDA_CODE", "aws_lambda_function", "source_code_hash", be_present(), "6.4"),
    ("LAMBDA_LIMIT", "aws_lambda_function", "reserved_concurrent_executions",
     be_at_least(1).set_by("rotation.reserved_concurrency"), "6.4", "production"),
    ("LAMBDA_TRACING", "aws_lambda_function", "tracing_config.mode", be("Active"), "10.2"),
    ("LAMBDA_ROLE", "aws_lambda_function", "role", refer_to("aws_iam_role"), "7.2"),
    ("LAMBDA_RUNTIME", "aws_lambda_function", "runtime", be_one_of("python3.13"), "6.3.3"),
    # Images
    ("ECR_ENCRYPTED", "aws_ecr_repository", "encryption_configuration.encryption_type", be("KMS"), "3.5"),
    ("ECR_KEY", "aws_ecr_repository", "encryption_configuration.kms_key", _KEY, "3.5 3.6"),
    ("ECR_SCANNED", "aws_ecr_repository", "image_scanning_configuration.scan_on_push", be(True), "6.3.1 11.3"),
    ("ECR_TAGS", "aws_ecr_repository", "image_tag_mutability", be("IMMUTABLE"), "6.5"),
    ("ECR_KEPT", "aws_ecr_repository", "force_delete", not_be(True), "12.10", "production"),
    # Containers
    ("ECS_INSIGHTS", "aws_ecs_cluster", "setting.value",
     be_one_of("enabled", "enhanced").set_by("service.container_insights"), "10.7"),
    ("ECS_ADDRESS", "aws_ecs_service", "network_configuration.assign_public_ip", not_be(True), "1.4.4"),
    ("ECS_SUBNETS", "aws_ecs_service", "network_configuration.subnets", refer_to("aws_subnet"), "1.3"),
    ("ECS_GROUPS", "aws_ecs_service", "network_configuration.security_groups", refer_to("aws_security_group"), "1.3"),
    ("ECS_SHELL", "aws_ecs_service", "enable_execute_command", not_be(True), "2.2.4"),
    ("ECS_NETWORK", "aws_ecs_task_definition", "network_mode", be("awsvpc"), "1.3"),
    ("ECS_FARGATE", "aws_ecs_task_definition", "requires_compatibilities", contain("FARGATE"), "2.2"),
    ("ECS_TASK_ROLE", "aws_ecs_task_definition", "task_role_arn", refer_to("aws_iam_role"), "7.2"),
    ("ECS_EXECUTION_ROLE", "aws_ecs_task_definition", "execution_role_arn", refer_to("aws_iam_role"), "7.2"),
    ("ECS_PROCESSES", "aws_ecs_task_definition", "pid_mode", be_absent("tasks share no processes"), "2.2"),
    ("ECS_IPC", "aws_ecs_task_definition", "ipc_mode", be_absent("tasks share no memory"), "2.2"),
    # Load balancer
    ("LB_INTERNAL", "aws_lb", "internal", be(True), "1.4.4"),
    ("LB_GROUPS", "aws_lb", "security_groups", refer_to("aws_security_group"), "1.3"),
    ("LB_LOGS", "aws_lb", "access_logs.enabled", be(True), "10.2"),
    ("LB_LOG_BUCKET", "aws_lb", "access_logs.bucket", refer_to("aws_s3_bucket"), "10.2"),
    ("LB_PROTECTED", "aws_lb", "enable_deletion_protection", be(True), "12.10", "production"),
    # API
    ("API_LOG", "aws_api_gateway_stage", "access_log_settings.destination_arn", refer_to("aws_cloudwatch_log_group"),
     "10.2"),
    ("API_LOG_FORMAT", "aws_api_gateway_stage", "access_log_settings.format",
     mention("context.requestId", "context.requestTime", "identity.sourceIp", "context.httpMethod", "context.status",
             "context.resourcePath", "identity.apiKeyId", "authorizer.principalId", "wafResponseCode"), "10.2.2"),
    ("API_VALIDATES", "aws_api_gateway_request_validator", "validate_request_parameters", be(True), "6.2.4"),
    ("API_ENDPOINT", "aws_api_gateway_rest_api", "endpoint_configuration.types", contain("REGIONAL"), "1.3"),
    ("API_EVERY_METHOD", "aws_api_gateway_method_settings", "method_path", be("*/*"), "6.4.2 10.2"),
    ("API_TRACING", "aws_api_gateway_stage", "xray_tracing_enabled", be(True), "10.2"),
    ("API_EXECUTION_LOG", "aws_api_gateway_method_settings", "settings.logging_level", be_one_of("INFO", "ERROR"),
     "10.2"),
    ("API_DATA_TRACE", "aws_api_gateway_method_settings", "settings.data_trace_enabled", be(False), "3.3 10.2"),
    ("API_METRICS", "aws_api_gateway_method_settings", "settings.metrics_enabled", be(True), "10.7"),
    ("API_THROTTLE", "aws_api_gateway_method_settings", "settings.throttling_rate_limit",
     be_between(1, 10_000).set_by("api.stage_rate_limit"),
     "6.4.2"),
    ("API_THROTTLE_BURST", "aws_api_gateway_method_settings", "settings.throttling_burst_limit",
     be_between(1, 5_000).set_by("api.stage_burst_limit"),
     "6.4.2"),
    ("API_CACHE", "aws_api_gateway_method_settings", "settings.caching_enabled", not_be(True), "3.5"),
    ("API_DOMAIN_TLS", "aws_api_gateway_domain_name", "security_policy", be("TLS_1_2"), "4.2.1"),
    ("API_KEY_VALUE", "aws_api_gateway_api_key", "value", be_absent("it would stand in code"), "8.6.2"),
    ("API_RATE", "aws_api_gateway_usage_plan", "throttle_settings.rate_limit",
     be_at_least(1).set_by("api.plan.rate_limit"), "6.4.2"),
    ("API_BURST", "aws_api_gateway_usage_plan", "throttle_settings.burst_limit",
     be_at_least(1).set_by("api.plan.burst_limit"), "6.4.2"),
    ("VPC_LINK", "aws_api_gateway_vpc_link", "target_arns", refer_to("aws_lb"), "1.3"),
    ("WAF_LOG", "aws_wafv2_web_acl_logging_configuration", "log_destination_configs",
     refer_to("aws_cloudwatch_log_group"), "10.2"),
    # Alarms
    ("WAFRULES", "aws_wafv2_web_acl", "scope", be("REGIONAL"), "6.4.2"),
    ("WAF_RATE_ADDRESS", "aws_wafv2_web_acl", "rule.statement.rate_based_statement.aggregate_key_type", be("IP"),
     "6.4.2"),
    ("WAF_RATE", "aws_wafv2_web_acl", "rule.statement.rate_based_statement.limit",
     be_between(10, 3_000_000).set_by("api.firewall_rate_per_5_minutes"), "6.4.2"),
    ("WAF_METRICS", "aws_wafv2_web_acl", "visibility_config.cloudwatch_metrics_enabled", be(True), "10.7"),
    ("SNS_SIGNATURE", "aws_sns_topic", "signature_version", be(2), "4.2.1"),
    ("SNS_KEY", "aws_sns_topic", "kms_master_key_id", _KEY, "3.5 10.7"),
    ("SQS_KEY", "aws_sqs_queue", "kms_master_key_id", _KEY, "3.5"),
    ("ALARM_ACTION", "aws_cloudwatch_metric_alarm", "alarm_actions",
     refer_to("aws_sns_topic", "aws_sns_topic_policy"), "10.7 12.10"),
    ("ALARM_WHOLE", "aws_cloudwatch_composite_alarm", "alarm_actions",
     refer_to("aws_sns_topic", "aws_sns_topic_policy"), "10.7 12.10"),
    ("WAF_REDACTED", "aws_wafv2_web_acl_logging_configuration", "redacted_fields.single_header.name",
     contain("authorization", "cookie", "x-api-key"), "3.4 10.2"),
    ("ALARM_ON", "aws_cloudwatch_metric_alarm", "actions_enabled", not_be(False), "10.7 12.10"),
    ("EVENT_ON", "aws_cloudwatch_event_rule", "state", not_be("DISABLED", "disabled"), "10.7 12.10"),
    ("EVENT_ENABLED", "aws_cloudwatch_event_rule", "is_enabled", not_be(False), "10.7 12.10"),
    # Network
    ("SUBNET_PUBLIC", "aws_subnet", "map_public_ip_on_launch", not_be(True), "1.4.4"),
    ("SUBNET_IPV6", "aws_subnet", "assign_ipv6_address_on_creation", not_be(True), "1.4.4"),
    ("VPC_ENDPOINT_POLICY", "aws_vpc_endpoint", "policy", be_present(), "1.3"),
    ("GROUP_DESCRIBED", "aws_security_group", "description", be_present(), "1.2.5"),
    ("GROUP_VPC", "aws_security_group", "vpc_id", refer_to("aws_vpc"), "1.3"),
)  # fmt: skip


def _broken(
    platform: Platform, *, check: str, type_: str, path: str, demand: ValueDemand, production: bool
) -> Iterator[Finding]:
    if production and platform.tier != "production":
        return
    for resource in platform.subjects_of(type_):
        if not demand.holds(platform, resource, lookup(resource.values, path)):
            yield resource.finding(check, f"{path} {demand.message}")


def _check(id_: str, type_: str, path: str, demand: ValueDemand, pci: str, tier: str = "") -> Check:
    claim = f"`{type_}`: {path} must {demand.text}{', in production' if tier else ''}"
    run = partial(_broken, check=id_, type_=type_, path=path, demand=demand, production=bool(tier))
    return Check(id_, claim, tuple(pci.split()), (type_,), run, production=bool(tier))


CHECKS = tuple(_check(*rule) for rule in RULES)
