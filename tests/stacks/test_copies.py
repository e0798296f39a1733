"""A short-lived copy shares nothing with its original but bucket and images; long names fit; protection lifts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from synthesized import Synthesized, read_stack

from main import build_app
from settings import Environment, load
from settings.service import VolumeSettings

Stacks = dict[str, Synthesized]

# Attributes that AWS wants to be unique in an account, at the top of a resource.
NAMES = re.compile(r"(^|_)(name|bucket|identifier|replication_group_id|user_id|user_group_id|creation_token|family)$")
# Attributes that match, but name something else.
OTHERS = {"service_name", "engine_name", "database_name", "zone_name", "snapshot_name", "metric_name"}
# The same of single types: the stage within its API, the engine's family, and the user of Redis that must be called
# "default".
OTHERS_OF_TYPE = {
    ("aws_api_gateway_stage", "stage_name"),
    ("aws_db_parameter_group", "family"),
    ("aws_elasticache_parameter_group", "family"),
    ("aws_elasticache_user", "user_name"),
    ("aws_rds_cluster_parameter_group", "family"),
}
# Names that are unique within another resource, which is the copy's own.
SCOPED = {
    "aws_iam_role_policy",
    "aws_api_gateway_model",
    "aws_api_gateway_request_validator",
    "aws_appautoscaling_policy",
}

# The longest names of AWS, where they are short enough to matter.
LIMITS = {
    "aws_backup_plan": 50,
    "aws_backup_selection": 50,
    "aws_backup_vault": 50,
    "aws_lb": 32,
    "aws_lb_target_group": 32,
    "aws_elasticache_replication_group": 40,
    "aws_elasticache_user": 40,
    "aws_elasticache_user_group": 40,
    "aws_cloudwatch_event_rule": 64,
    "aws_iam_role": 64,
    "aws_lambda_function": 64,
    "aws_rds_cluster": 63,
    "aws_rds_cluster_instance": 63,
    "aws_s3_bucket": 63,
    "aws_scheduler_schedule": 64,
    "aws_sfn_state_machine": 80,
    "aws_sqs_queue": 80,
    "aws_ssm_document": 128,
}


@pytest.fixture(scope="module")
def synthesize(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Environment], Stacks]:
    """Synthesizes one environment with the real App."""

    def synthesize(environment: Environment) -> Stacks:
        outdir: Path = tmp_path_factory.mktemp("cdktf.out")
        build_app([environment], outdir).synth()
        ids = json.loads((outdir / "manifest.json").read_text())["stacks"]
        return {id_: read_stack(outdir, id_) for id_ in sorted(ids)}

    return synthesize


@pytest.fixture(scope="module")
def copy(synthesize: Callable[[Environment], Stacks]) -> Stacks:
    """A copy of the first environment, as one for a pull request."""
    return synthesize(load("iot-dev", suffix="pr-12"))


def names(stacks: Stacks) -> Iterator[tuple[str, str]]:
    """(resource type, name) of everything that is named by this project rather than by AWS."""
    for stack in stacks.values():
        for type_, resources in stack.json.get("resource", {}).items():
            for resource in resources.values():
                found = [
                    value
                    for key, value in resource.items()
                    if NAMES.search(key) and key not in OTHERS and (type_, key) not in OTHERS_OF_TYPE
                ]
                found.append(resource.get("tags", {}).get("Name"))
                for value in found:
                    if isinstance(value, str) and "${" not in value and type_ not in SCOPED:
                        yield type_, value


def test_a_copy_has_every_stack_of_its_original_but_bootstrap(copy: Stacks, stacks: Stacks) -> None:
    originals = {id_ for id_ in stacks if id_.startswith("iot-dev-")}

    assert set(copy) == {id_.replace("iot-dev-", "iot-dev-pr-12-", 1) for id_ in originals}


def test_every_name_of_a_copy_ends_as_the_copy_does(copy: Stacks) -> None:
    found = list(names(copy))

    assert ("aws_iam_role", "iot-vpc-flow-log-dev-pr-12") in found
    for type_, name in found:
        assert "dev-pr-12" in name, f"{type_} {name!r} would be the original's too: build it with Naming"


def test_no_name_of_the_original_appears_anywhere_in_a_copy(copy: Stacks, stacks: Stacks) -> None:
    of_original = {name for _, name in names({id_: s for id_, s in stacks.items() if id_.startswith("iot-dev-")})}
    assert "iot-vpc-dev" in of_original
    # A copy has no image repository of its own, as it has no state bucket.
    shared_image = load("iot-dev").service
    assert shared_image.ecr_repository is not None

    for id_, stack in copy.items():
        text = json.dumps(stack.json).replace(shared_image.image, "")
        text = text.replace(f"repository/{shared_image.ecr_repository.name}", "")
        shared = [name for name in of_original if re.search(rf"{re.escape(name)}(?![A-Za-z0-9_-])", text)]
        assert not shared, id_


def test_a_copy_keeps_its_states_in_the_originals_bucket_under_its_own_prefix(copy: Stacks, stacks: Stacks) -> None:
    bucket = stacks["iot-dev-network"].json["terraform"]["backend"]["s3"]

    for id_, stack in copy.items():
        backend = stack.json["terraform"]["backend"]["s3"]
        assert {**backend, "key": ""} == {**bucket, "key": ""}, id_
        assert backend["key"].startswith("iot-dev-pr-12/"), id_
        for source in stack.json.get("data", {}).get("terraform_remote_state", {}).values():
            assert source["config"]["key"].startswith("iot-dev-pr-12/"), id_


def test_a_copy_is_tagged_as_itself(copy: Stacks) -> None:
    for id_, stack in copy.items():
        assert stack.json["provider"]["aws"][0]["default_tags"][0]["tags"]["Environment"] == "iot-dev-pr-12", id_


def test_the_longest_names_fit_what_aws_allows(synthesize: Callable[[Environment], Stacks]) -> None:
    # GIVEN environments with the most characters that the settings let through
    shipped = load("globecart-prod")
    # Schemas lie in a folder of the project's name, which this one has not.
    routes = tuple(route.model_copy(update={"request_schema": None}) for route in shipped.api.routes)
    api = shipped.api.model_copy(update={"routes": routes})
    (queue,), (bucket,) = shipped.service.queues.values(), shipped.service.buckets.values()
    (worker,), (job,) = shipped.workers.values(), shipped.jobs.values()
    # Every name of a queue, bucket, worker or job has at most 12 characters. Redeployment brings the longest roles.
    name = "abcdefghijkl"
    service = shipped.service.model_copy(
        update={
            "queues": {name: queue},
            "buckets": {name: bucket},
            "volume": VolumeSettings(path="/mnt/work", size_gb=1),
            "redeploy_after_rotation": True,
        }
    )
    longest = {
        "project": "abcdefghijkl",
        "stage": "abcdefgh",
        "api": api,
        "service": service,
        "workers": {name: worker.model_copy(update={"queue": name})},
        "jobs": {name: job},
    }
    for suffix in (None, "abcd"):
        environment = shipped.model_copy(update={**longest, "suffix": suffix})

        # THEN no name is too long
        found = list(names(synthesize(environment)))
        assert {type_ for type_, _ in found} > LIMITS.keys()
        for type_, name in found:
            assert len(name) <= LIMITS.get(type_, 128), f"{type_} {name!r}"


def test_lifted_protection_leaves_nothing_outside_bootstrap_that_cannot_be_destroyed(
    synthesize: Callable[[Environment], Stacks],
) -> None:
    for id_, stack in synthesize(load("globecart-prod", unprotected=True)).items():
        assert stack.outputs["protected"]["value"] is False, id_
        if id_.startswith("bootstrap-"):
            assert stack.one("aws_s3_bucket")["lifecycle"] == {"prevent_destroy": True}, "states outlive everything"
            continue
        for resources in stack.json.get("resource", {}).values():
            for logical_id, resource in resources.items():
                assert not _protections(resource), f"{id_} {logical_id}"


def _protections(resource: dict[str, Any]) -> list[str]:
    """What would stop Terraform from destroying a resource."""
    switches = ("deletion_protection", "deletion_protection_enabled", "enable_deletion_protection")
    found = [key for key in switches if resource.get(key) is True]
    return found + (["prevent_destroy"] if resource.get("lifecycle", {}).get("prevent_destroy") else [])
