"""Everything that may run on Fargate, with every option: applied, planned again without a change, destroyed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from subprocess import CompletedProcess
from types import SimpleNamespace
from typing import Any, cast

import pytest
from all_environments import FULL, load
from cdktf_cdktf_provider_aws.provider import AwsProvider
from cdktf_cdktf_provider_aws.subnet import Subnet
from cdktf_cdktf_provider_aws.vpc import Vpc
from constructs import Construct
from places import place
from service_parts import PARTS
from synthesized import synthesize_module

from modules.common.policies import Account
from modules.common.security_groups import closed_security_group
from modules.queue import Queue
from modules.service import Job, Service, ServiceLinks, Worker
from modules.storage import ObjectBucket
from settings.naming import Naming
from tools.deploy import terraform
from tools.local.emulator.environment import without_aws
from tools.local.emulator.process import Emulator

pytestmark = pytest.mark.emulator

ACCOUNT = Account("555555555555", "eu-west-1")
PLACE = replace(
    place(names=Naming("globecart", "full"), account=ACCOUNT, log_retention_days=7),
    logs_key_arn=ACCOUNT.arn("kms", "key/12345678-1234-1234-1234-123456789012"),
)


def add_everything(scope: Construct) -> None:
    environment = load(FULL)
    AwsProvider(scope, "aws", region=ACCOUNT.region)
    vpc = Vpc(scope, "vpc", cidr_block="10.0.0.0/16")
    subnet = Subnet(scope, "subnet", vpc_id=vpc.id, cidr_block="10.0.0.0/24")
    groups = {
        name: closed_security_group(scope, name, name=name, description=name, vpc_id=vpc.id).id
        for name in ("entry", "database", "redis")
    }
    held: dict[str, Any] = {"encryption": environment.encryption, "place": PLACE}
    queue = Queue(scope, "queue", settings=environment.service.queues["mails"], purpose="mails", **held)
    bucket = ObjectBucket(scope, "bucket", settings=environment.service.buckets["exports"], purpose="exports", **held)
    shared: dict[str, Any] = {
        "settings": environment.service.model_copy(update={"mounts": {}}),
        "cache_form": "cluster",
        "place": PLACE,
        "network": SimpleNamespace(vpc_id=vpc.id, subnet_ids=lambda _: [subnet.id], s3_prefix_list_id="pl-12345678"),
        "links": ServiceLinks(
            database=cast(Any, SimpleNamespace(**{**vars(PARTS.database), "security_group_id": groups["database"]})),
            cache=cast(
                Any,
                SimpleNamespace(
                    **{
                        **vars(PARTS.cache),
                        "security_group_id": groups["redis"],
                        "connect_arns": (ACCOUNT.arn("elasticache", "replicationgroup:shop"),),
                    }
                ),
            ),
            storage=None,
            secret_arn=ACCOUNT.arn("secretsmanager", "secret:shop/database-a1b2c3"),
            secret_key_arn=ACCOUNT.arn("kms", "key/12345678-1234-1234-1234-123456789012"),
            endpoint_group_id=None,
            queues={"mails": queue},
            buckets={"exports": bucket},
        ),
    }
    service = Service(
        scope,
        "service",
        encryption=environment.encryption,
        entry=cast(
            Any,
            SimpleNamespace(
                security_group_id=groups["entry"],
                target_group_arn=ACCOUNT.arn("elasticloadbalancing", "targetgroup/entry/0123456789abcdef"),
                target_group_arn_suffix="targetgroup/entry/0123456789abcdef",
                load_balancer_arn_suffix="net/entry/0123456789abcdef",
            ),
        ),
        **shared,
    )
    for name, worker in environment.workers.items():
        Worker(scope, f"worker-{name}", worker=worker, service=service, **shared)
    for name, job in environment.jobs.items():
        Job(scope, f"job-{name}", job=job, service=service, **shared)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Any]:
    (tmp_path / "cdk.tf.json").write_text(json.dumps(synthesize_module(add_everything).json), encoding="utf-8")
    with Emulator(ACCOUNT.id, log_dir=tmp_path) as emulator:
        aws = {**without_aws(os.environ), **emulator.environment(ACCOUNT.region)}
        environ = {**aws, **terraform.settings(aws)}

        def terraform_(*arguments: str) -> CompletedProcess[str]:
            done = terraform.run([*arguments, "-input=false"], cwd=tmp_path, environ=environ, check=False)
            assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
            return done

        yield terraform_


def test_every_option_is_deployed_stands_as_planned_and_goes_again(run: Any) -> None:
    run("init")
    run("apply", "-auto-approve", "-parallelism=30")

    run("plan", "-detailed-exitcode")

    run("destroy", "-auto-approve", "-parallelism=30")
