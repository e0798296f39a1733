"""A route that is removed is gone with the deployment that removes it, and what was one state becomes two.

Real Terraform against the embedded AWS, which keeps of a deployment what AWS keeps: its methods by path.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from cdktf import App

from modules.api.redeployment import NOT_DEPLOYED
from settings import Environment, load
from stacks.api import ApiStack
from stacks.stage import StageStack
from tools.deploy import moves, terraform
from tools.local.emulator.environment import without_aws
from tools.local.emulator.process import Emulator
from tools.synthesized import stacks
from tools.synthesized.errors import DeployError

pytestmark = [pytest.mark.emulator, pytest.mark.long]

NAME = "iot-dev"
REMOVED = "/devices/{deviceId}/readings"
BALANCER = "arn:aws:elasticloadbalancing:ca-central-1:111111111111:loadbalancer/net/entry/0"
KEY = "arn:aws:kms:ca-central-1:111111111111:key/logs"


def without(environment: Environment, path: str) -> Environment:
    routes = tuple(route for route in environment.api.routes if route.path != path)
    return environment.model_copy(update={"api": environment.api.model_copy(update={"routes": routes})})


class Platform:
    """The stacks of an API alone; what they read of others are texts."""

    def __init__(self, outdir: Path, environ: dict[str, str]) -> None:
        self.outdir, self.environ = outdir, environ

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.environ["AWS_ENDPOINT_URL"],
            region_name=self.environ["AWS_REGION"],
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def synthesize(self, environment: Environment) -> None:
        app = App(outdir=str(self.outdir))
        network: Any = SimpleNamespace(keys=SimpleNamespace(logs=KEY))
        balancer = SimpleNamespace(base_url="http://entry.example.com:80", load_balancer_arn=BALANCER)
        entry: Any = SimpleNamespace(load_balancer=balancer)
        StageStack(app, api=ApiStack(app, environment=environment, network=network, entry=entry))
        app.synth()

    def file(self, component: str) -> Path:
        return self.outdir / "stacks" / f"{NAME}-{component}" / "cdk.tf.json"

    def in_one_state(self) -> None:
        """What both stacks have in the state of the API's, as it was before there were two."""
        api, stage = (json.loads(self.file(component).read_text()) for component in ("api", "stage"))
        text = json.dumps(stage["resource"])
        for name, output in api["output"].items():
            value = json.dumps(output["value"])[1:-1]
            text = re.sub(r"\$\{data\.terraform_remote_state\.[^}]*\." + re.escape(name) + r"\}", value, text)
        for type_, found in json.loads(text).items():
            api["resource"].setdefault(type_, {}).update(found)
        kinds = [
            type_ for type_ in api["resource"] if type_.startswith("aws_api_gateway_") and type_ not in NOT_DEPLOYED
        ]
        every = ", ".join(f"{type_}.{id_}.id" for type_ in kinds for id_ in api["resource"][type_])
        (deployment,) = api["resource"]["aws_api_gateway_deployment"].values()
        deployment["triggers"]["ids"] = f"${{sha1(jsonencode([{every}]))}}"
        # A move changes the tag Stack, which the embedded AWS cannot do for these two.
        for type_ in ("aws_api_gateway_stage", "aws_api_gateway_usage_plan"):
            for resource in api["resource"][type_].values():
                resource["tags"] = {"Stack": "stage"}
        self.file("api").write_text(json.dumps({key: value for key, value in api.items() if key != "removed"}))

    def apply(self, *components: str) -> None:
        for component in components:
            folder = self.file(component).parent
            terraform.run(["init", "-reconfigure", "-input=false"], cwd=folder, environ=self.environ)
            terraform.run(
                ["apply", "-auto-approve", "-input=false", "-no-color", "-parallelism=30"],
                cwd=folder,
                environ=self.environ,
            )

    def deployed(self, *, of_canary: bool = False) -> set[str]:
        """The paths in the deployment that the stage, or its canary, leads to."""
        gateway = self.client("apigateway")
        (api,) = gateway.get_rest_apis()["items"]
        (stage,) = gateway.get_stages(restApiId=api["id"])["item"]
        id_ = stage["canarySettings"]["deploymentId"] if of_canary else stage["deploymentId"]
        found = gateway.get_deployment(restApiId=api["id"], deploymentId=id_, embed=["apisummary"])
        return set(found["apiSummary"])

    def kept(self) -> dict[str, Any]:
        """What clients know of the API."""
        gateway = self.client("apigateway")
        (api,), (plan,) = gateway.get_rest_apis()["items"], gateway.get_usage_plans()["items"]
        (stage,) = gateway.get_stages(restApiId=api["id"])["item"]
        keys = gateway.get_api_keys(includeValues=True)["items"]
        return {
            "api": api["id"],
            "stage": stage["stageName"],
            "plan": plan["id"],
            "keys": sorted((key["id"], key["value"]) for key in keys),
            "in plan": sorted(key["id"] for key in gateway.get_usage_plan_keys(usagePlanId=plan["id"])["items"]),
        }


@pytest.fixture
def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    environment = load(NAME)
    monkeypatch.setattr(stacks, "OUTDIR", tmp_path / "cdktf.out")
    with Emulator(environment.account_id, log_dir=tmp_path) as emulator:
        aws = {**without_aws(os.environ), **emulator.environment(environment.region)}
        made = Platform(tmp_path / "cdktf.out", {**aws, **terraform.settings(aws)})
        made.synthesize(environment)
        backend = json.loads(made.file("api").read_text())["terraform"]["backend"]["s3"]
        location = {"LocationConstraint": environment.region}
        made.client("s3").create_bucket(Bucket=backend["bucket"], CreateBucketConfiguration=location)
        yield made


def test_a_removed_route_is_gone_with_the_deployment_that_removes_it(platform: Platform) -> None:
    platform.apply("api", "stage")
    assert REMOVED in platform.deployed()

    platform.synthesize(without(load(NAME), REMOVED))
    platform.apply("api", "stage")

    assert platform.deployed() == {"/health", "/devices", "/devices/{deviceId}"}


def test_a_canary_gets_the_change_first_and_all_get_it_when_the_canary_goes(platform: Platform) -> None:
    platform.apply("api", "stage")
    fewer = without(load(NAME), REMOVED)
    canary = fewer.model_copy(update={"api": fewer.api.model_copy(update={"canary_percent": 10})})

    platform.synthesize(canary)
    platform.apply("api", "stage")
    assert REMOVED in platform.deployed()
    assert REMOVED not in platform.deployed(of_canary=True)

    platform.synthesize(fewer)
    platform.apply("api", "stage")
    assert REMOVED not in platform.deployed()
    gateway = platform.client("apigateway")
    (api,) = gateway.get_rest_apis()["items"]
    assert "canarySettings" not in gateway.get_stages(restApiId=api["id"])["item"][0]
    assert len(gateway.get_deployments(restApiId=api["id"])["items"]) == 1


def test_what_was_one_state_becomes_two_and_clients_notice_nothing(platform: Platform) -> None:
    # GIVEN everything in the state of the API's stack, where a removed route stays deployed
    platform.in_one_state()
    platform.apply("api")
    before = platform.kept()
    fewer = without(load(NAME), REMOVED)
    platform.synthesize(fewer)
    platform.in_one_state()
    platform.apply("api")
    assert REMOVED in platform.deployed(), "the reason for two states is gone"

    # WHEN the two stacks are to be deployed
    platform.synthesize(fewer)
    s3 = platform.client("s3")
    with pytest.raises(DeployError, match=r"^7 resources now belong to iot-dev-stage, .* make move ENV=iot-dev$"):
        moves.check(NAME, s3)
    said: list[str] = []
    moves.move(NAME, environ=platform.environ, s3=s3, confirmed=False, say=said.append)
    assert len(said) == 8
    moves.move(NAME, environ=platform.environ, s3=s3, confirmed=True, say=said.append)

    # THEN they have one state each, and API, stage, plan and keys are those of before
    assert moves.find(NAME, s3) == []
    moves.check(NAME, s3)
    platform.apply("api", "stage")
    assert platform.kept() == before
    assert REMOVED not in platform.deployed()


def test_a_move_that_ended_between_its_two_writes_is_finished(platform: Platform) -> None:
    # GIVEN what is moved in both states, as when the second write failed
    platform.in_one_state()
    platform.apply("api")
    platform.synthesize(load(NAME))
    s3 = platform.client("s3")
    backend = json.loads(platform.file("api").read_text())["terraform"]["backend"]["s3"]
    both = s3.get_object(Bucket=backend["bucket"], Key=backend["key"])["Body"].read()
    moves.move(NAME, environ=platform.environ, s3=s3, confirmed=True, say=lambda _: None)
    s3.put_object(Bucket=backend["bucket"], Key=backend["key"], Body=both)

    # WHEN it is run again
    waiting = moves.find(NAME, s3)
    assert len(waiting) == 7
    assert all(move.there for move in waiting)
    moves.move(NAME, environ=platform.environ, s3=s3, confirmed=True, say=lambda _: None)

    # THEN each is in one state
    assert moves.find(NAME, s3) == []
    kept = platform.kept()
    platform.apply("api", "stage")
    assert platform.kept() == kept
