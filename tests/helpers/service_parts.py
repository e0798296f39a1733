"""A service with stand-ins for what it is put between: only what it reads of them."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

from constructs import Construct
from places import place
from synthesized import Synthesized, synthesize_module

from modules.common.policies import Account
from modules.service import Job, Service, ServiceLinks, Worker
from settings import load
from settings.naming import Naming
from settings.service import ServiceSettings

ACCOUNT = Account("333333333333", "ca-central-1")
SECRET = "arn:aws:secretsmanager:ca-central-1:333333333333:secret:shop/dev/database-a1b2c3"
SECRET_KEY = "arn:aws:kms:ca-central-1:333333333333:key/secrets"
PARTS = cast(
    Any,
    SimpleNamespace(
        network=SimpleNamespace(
            vpc_id="vpc-1", subnet_ids=lambda tier: [f"{tier}-a", f"{tier}-b"], s3_prefix_list_id="pl-s3"
        ),
        entry=SimpleNamespace(
            security_group_id="sg-entry",
            target_group_arn="arn:target-group",
            target_group_arn_suffix="targetgroup/shop",
            load_balancer_arn_suffix="net/shop",
        ),
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


QUEUES = cast(
    Any,
    {
        name: SimpleNamespace(arn=f"arn:queue-{name}", url=f"https://sqs/{name}", key_arn=f"arn:key-{name}", name=name)
        for name in ("orders", "mail-in")
    },
)
BUCKETS = cast(Any, {"exports": SimpleNamespace(arn="arn:exports", name="shop-exports", key_arn="arn:key-exports")})
PLACE = place(names=Naming("shop", "dev"), account=ACCOUNT, logs_key_arn="arn:logs-key", log_retention_days=365)


def links(
    *, parts: Any = PARTS, with_storage: bool = True, endpoint_group_id: str | None = "sg-endpoints", **given: Any
) -> ServiceLinks:
    """What the service is put between; `queues` and `buckets` may be given."""
    return ServiceLinks(
        database=parts.database,
        cache=parts.cache,
        storage=parts.storage if with_storage else None,
        secret_arn=SECRET,
        secret_key_arn=SECRET_KEY,
        endpoint_group_id=endpoint_group_id,
        **given,
    )


def service_settings(**changed: Any) -> ServiceSettings:
    """Those of a production environment without anything beside it, and with changes."""
    bare = {"mounts": {}, "tracing": False, "rollback_on_alarm": False, "outbound": ()}
    return load("globecart-prod").service.model_copy(update={**bare, **changed})


def add_service(
    scope: Construct,
    *,
    parts: Any = PARTS,
    with_storage: bool = True,
    endpoint_group_id: str | None = "sg-endpoints",
    logs_key_arn: str = PLACE.logs_key_arn,
    linked: ServiceLinks | None = None,
    **changed: Any,
) -> Service:
    """A service of `service_settings(**changed)`."""
    environment = load("globecart-prod")
    return Service(
        scope,
        "service",
        settings=service_settings(**changed),
        encryption=environment.encryption,
        cache_form=environment.cache.form,
        place=replace(PLACE, logs_key_arn=logs_key_arn),
        network=parts.network,
        entry=parts.entry,
        links=linked or links(parts=parts, with_storage=with_storage, endpoint_group_id=endpoint_group_id),
    )


def synthesize(**options: Any) -> Synthesized:
    """The same as `add_service`, in a stack of its own."""
    return synthesize_module(lambda scope: add_service(scope, **options))


def synthesize_beside(
    kind: type[Worker | Job], name: str, *, linked: ServiceLinks | None = None, own: Any, **changed: Any
) -> Synthesized:
    """A worker or a job of the settings `own`, beside a service of `service_settings(**changed)`."""

    def build(scope: Construct) -> None:
        service = add_service(scope, linked=linked, **changed)
        setting = "worker" if kind is Worker else "job"
        shared: dict[str, Any] = {
            "settings": service_settings(**changed),
            "cache_form": "cluster",
            "place": PLACE,
            "network": PARTS.network,
            "service": service,
            "links": linked or links(),
        }
        kind(scope, f"{setting}-{name}", **{setting: own}, **shared)

    return synthesize_module(build)


def containers(synthesized: Synthesized, purpose: str = "service") -> list[dict[str, Any]]:
    """The containers of the task definition that is named after the purpose."""
    made = synthesized.one("aws_ecs_task_definition", family=PLACE.names.name(purpose))
    return cast(list[dict[str, Any]], json.loads(made["container_definitions"]))


def container(synthesized: Synthesized, purpose: str = "service") -> dict[str, Any]:
    """The one container of the task definition."""
    (found,) = containers(synthesized, purpose)
    return found


def policy(synthesized: Synthesized, name: str, purpose: str = "service") -> dict[str, Any]:
    """Statements of the policy of that name of a workload's role, by their Sid."""
    kind = {"work": "task", "start": "execution"}.get(name, name)
    role = synthesized.address("aws_iam_role", name=PLACE.names.name(f"{purpose}-{kind}"))
    return statements(synthesized.one("aws_iam_role_policy", name=name, role=f"${{{role}.id}}")["policy"])


def statements(policy: str) -> dict[str, Any]:
    """Statements of a policy by their Sid."""
    return {found["Sid"]: found for found in json.loads(policy)["Statement"]}
