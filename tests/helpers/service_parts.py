"""A service with stand-ins for what it is put between: only what it reads of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

from constructs import Construct
from places import place
from synthesized import Synthesized, synthesize_module

from modules.common.policies import Account
from modules.service import Service, ServiceLinks
from settings import load
from settings.naming import Naming

ACCOUNT = Account("333333333333", "ca-central-1")
SECRET = "arn:aws:secretsmanager:ca-central-1:333333333333:secret:shop/dev/database-a1b2c3"
SECRET_KEY = "arn:aws:kms:ca-central-1:333333333333:key/secrets"
PARTS = cast(
    Any,
    SimpleNamespace(
        network=SimpleNamespace(
            vpc_id="vpc-1", subnet_ids=lambda tier: [f"{tier}-a", f"{tier}-b"], s3_prefix_list_id="pl-s3"
        ),
        entry=SimpleNamespace(security_group_id="sg-entry", target_group_arn="arn:target-group"),
        database=SimpleNamespace(
            writer_endpoint="writer.rds",
            reader_endpoint="reader.rds",
            port=5432,
            name="shop",
            cluster_resource_id="cluster-ABC",
            security_group_id="sg-database",
        ),
        cache=SimpleNamespace(
            endpoint="primary.redis",
            reader_endpoint="replicas.redis",
            port=6379,
            user_name="shop-redis-app-dev",
            replication_group_id="shop-redis-dev",
            security_group_id="sg-redis",
            connect_arns=("arn:redis", "arn:redis-user"),
        ),
        storage=SimpleNamespace(
            file_system_id="fs-1",
            file_system_arn="arn:fs-1",
            port=2049,
            security_group_id="sg-files",
            access_point_ids={"media": "fsap-media", "exports": "fsap-exports"},
            access_point_arns={"media": "arn:fsap-media", "exports": "arn:fsap-exports"},
        ),
    ),
)


def add_service(
    scope: Construct,
    *,
    parts: Any = PARTS,
    with_storage: bool = True,
    endpoint_group_id: str | None = "sg-endpoints",
    network: Mapping[str, Any] | None = None,
    logs_key_arn: str = "arn:logs-key",
    **changed: Any,
) -> Service:
    """A service of these settings, which are those of a production environment without mounts, and with changes."""
    environment = load("globecart-prod")
    return Service(
        scope,
        "service",
        settings=environment.service.model_copy(update={"mounts": {}, **changed}),
        encryption=environment.encryption,
        cache_form=environment.cache.form,
        place=_place(logs_key_arn),
        network=parts.network,
        entry=parts.entry,
        links=ServiceLinks(
            database=parts.database,
            cache=parts.cache,
            storage=parts.storage if with_storage else None,
            secret_arn=SECRET,
            secret_key_arn=SECRET_KEY,
            endpoint_group_id=endpoint_group_id,
        ),
    )


def synthesize(**options: Any) -> Synthesized:
    """The same as `add_service`, in a stack of its own."""
    return synthesize_module(lambda scope: add_service(scope, **options))


def container(synthesized: Synthesized) -> dict[str, Any]:
    """The one container of the task definition."""
    (found,) = json.loads(synthesized.one("aws_ecs_task_definition")["container_definitions"])
    return cast(dict[str, Any], found)


def statements(policy: str) -> dict[str, Any]:
    """Statements of a policy by their Sid."""
    return {found["Sid"]: found for found in json.loads(policy)["Statement"]}
