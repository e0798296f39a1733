"""The one table of resource types: what holds data is in it, and what is not in it works."""

from __future__ import annotations

import json
from pathlib import Path

from tools.synthesized.resource_types import ResourceType, resource_types

# Written out, so that none can leave the table unseen: without `lost` a lost file system would be no finding.
_STATEFUL = [
    "aws_api_gateway_api_key",
    "aws_api_gateway_domain_name",
    "aws_api_gateway_rest_api",
    "aws_backup_vault",
    "aws_cloudformation_stack",
    "aws_cloudwatch_log_group",
    "aws_cognito_user_pool",
    "aws_db_instance",
    "aws_dynamodb_table",
    "aws_ecr_repository",
    "aws_efs_file_system",
    "aws_eip",
    "aws_elasticache_cluster",
    "aws_elasticache_replication_group",
    "aws_kinesis_stream",
    "aws_kms_key",
    "aws_lb",
    "aws_rds_cluster",
    "aws_rds_cluster_instance",
    "aws_s3_bucket",
    "aws_secretsmanager_secret",
    "aws_sns_topic",
    "aws_sqs_queue",
    "aws_vpc",
]
_KEPT = [
    "aws_ecr_repository",
    "aws_efs_file_system",
    "aws_elasticache_replication_group",
    "aws_rds_cluster",
    "aws_rds_cluster_instance",
    "aws_s3_bucket",
    "aws_secretsmanager_secret",
    "aws_sqs_queue",
]


def test_every_stateful_type_is_in_the_table() -> None:
    types = resource_types().types

    assert sorted(name for name, type_ in types.items() if type_.lost) == _STATEFUL
    assert sorted(name for name, type_ in types.items() if type_.kept) == _KEPT


# Protected, but no data goes with them: the account's role for API Gateway's logs.
_NO_STATE = {"aws_api_gateway_account", "aws_iam_role"}


def test_what_production_protects_is_stateful(app_outdir: Path) -> None:
    stacks = [json.loads(file.read_text()) for file in app_outdir.glob("stacks/*-prod*/cdk.tf.json")]
    protected = {
        type_
        for stack in stacks
        for type_, resources in stack["resource"].items()
        for resource in resources.values()
        if resource.get("lifecycle", {}).get("prevent_destroy")
    }

    assert {"aws_efs_file_system", "aws_rds_cluster"} < protected
    assert {type_ for type_ in protected if not resource_types().of(type_).lost} == _NO_STATE


def test_a_type_that_is_not_in_the_table_has_the_defaults() -> None:
    assert resource_types().of("aws_unheard_of") == ResourceType()
