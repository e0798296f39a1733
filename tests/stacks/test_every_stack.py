"""What holds for every stack: provider, backend, required version, tags, order."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from synthesized import Synthesized

from settings import Environment, load

Stacks = dict[str, Synthesized]
Owners = dict[str, tuple[Environment, str]]

# Siblings on purpose: they are the slow ones, and `cdktf deploy` runs them in parallel.
SIBLINGS = ("egress", "entry", "rotation", "data")


def test_every_environment_has_its_base_stacks(environment_of: Owners, environments: dict[str, Environment]) -> None:
    for name in environments:
        assert {"bootstrap", "network", "egress"} <= {
            component for environment, component in environment_of.values() if environment.name == name
        }


def test_the_provider_works_in_its_environments_region_and_account(stacks: Stacks, environment_of: Owners) -> None:
    for id_, stack in stacks.items():
        environment, component = environment_of[id_]
        own, *others = stack.json["provider"]["aws"]
        # CloudFront, its certificate and its firewall are in one region only.
        assert own["region"] == ("us-east-1" if component == "front" else environment.region), id_
        # Only the copies of the backups lie elsewhere.
        copy_to = environment.backup.copy_to if environment.backup and component == "backup" else None
        assert [(p["alias"], p["region"]) for p in others] == ([("copies", copy_to)] if copy_to else []), id_
        for provider in (own, *others):
            assert provider["allowed_account_ids"] == [environment.account_id], id_
            assert provider["default_tags"] == [
                {
                    "tags": {
                        **environment.tags,
                        "Project": environment.project,
                        "Environment": environment.name,
                        "Tier": environment.tier,
                        "Stack": component,
                        "ManagedBy": "cdktf",
                    }
                }
            ], id_
            # No emulator, no credentials: both come from the user's shell.
            assert set(provider) - {"alias"} == {"region", "allowed_account_ids", "default_tags"}, id_


def test_the_state_lies_encrypted_in_the_environments_own_bucket_with_a_lock_file(
    stacks: Stacks, environment_of: Owners
) -> None:
    for id_, stack in stacks.items():
        environment, component = environment_of[id_]
        bucket = f"{environment.project}-state-{environment.stage}-{environment.account_id}"
        alias = f"alias/{environment.project}-state-{environment.stage}"
        assert stack.json["terraform"]["backend"] == {
            "s3": {
                "bucket": bucket,
                "key": f"{environment.name}/{component}.tfstate",
                "region": environment.region,
                "encrypt": True,
                "kms_key_id": f"arn:aws:kms:{environment.region}:{environment.account_id}:{alias}",
                "use_lockfile": True,
            }
        }, id_


def test_no_two_stacks_share_a_state(stacks: Stacks) -> None:
    states = [
        (backend["bucket"], backend["key"])
        for backend in (s.json["terraform"]["backend"]["s3"] for s in stacks.values())
    ]

    assert len(set(states)) == len(states)


def test_states_of_other_stacks_are_read_where_they_are_written(stacks: Stacks) -> None:
    for id_, stack in stacks.items():
        for reference, source in stack.json.get("data", {}).get("terraform_remote_state", {}).items():
            other = reference.removeprefix("cross-stack-reference-input-")
            written = stacks[other].json["terraform"]["backend"]["s3"]
            read = {key: source["config"][key] for key in ("bucket", "key", "region")}
            assert read == {key: written[key] for key in read}, id_
            assert source["backend"] == "s3", id_


def test_the_bootstrap_stack_makes_the_bucket_and_the_key_that_the_backends_name(
    stacks: Stacks, environments: dict[str, Environment]
) -> None:
    for name in environments:
        bootstrap = stacks[f"bootstrap-{name}"]
        backend = bootstrap.json["terraform"]["backend"]["s3"]
        assert bootstrap.one("aws_s3_bucket")["bucket"] == backend["bucket"]
        alias = bootstrap.one("aws_kms_alias", name=backend["kms_key_id"].rpartition(":")[2])
        assert alias["target_key_id"] == f"${{{bootstrap.address('aws_kms_key')}.key_id}}"
        assert bootstrap.outputs["state_bucket"]["value"] == backend["bucket"]


def test_terraform_and_provider_versions_are_required(stacks: Stacks) -> None:
    for id_, stack in stacks.items():
        assert stack.json["terraform"]["required_version"] == ">= 1.11.0", id_
        assert stack.json["terraform"]["required_providers"]["aws"] == {"source": "aws", "version": "5.100.0"}, id_


def test_every_stack_says_whether_it_is_protected(stacks: Stacks, environment_of: Owners) -> None:
    for id_, stack in stacks.items():
        assert stack.outputs["protected"]["value"] is environment_of[id_][0].protected, id_


def test_tags_of_the_settings_are_put_on_every_resource_beside_the_platforms_own(tmp_path: Path) -> None:
    from cdktf import App, Testing

    from stacks.network import NetworkStack

    environment = load("iot-dev").model_copy(update={"tags": {"CostCenter": "42"}})
    stack = NetworkStack(App(outdir=str(tmp_path)), environment=environment)

    (provider,) = Synthesized(Testing.synth(stack)).json["provider"]["aws"]
    tags = provider["default_tags"][0]["tags"]
    assert tags["CostCenter"] == "42"
    assert tags["Environment"] == "iot-dev"


def test_no_stack_has_an_error_annotation(manifest: dict[str, dict[str, Any]]) -> None:
    for id_, stack in manifest.items():
        assert not [found for found in stack["annotations"] if found["level"] == "@cdktf/error"], id_


def test_the_slow_stacks_wait_for_the_network_only(manifest: dict[str, dict[str, Any]], environment_of: Owners) -> None:
    for id_, (environment, component) in environment_of.items():
        if component in SIBLINGS:
            assert manifest[id_]["dependencies"] == [f"{environment.name}-network"], id_


def test_no_stack_waits_for_another_environment_or_for_bootstrap(
    manifest: dict[str, dict[str, Any]], environment_of: Owners
) -> None:
    for id_, stack in manifest.items():
        for other in stack["dependencies"]:
            environment, component = environment_of[other]
            assert environment.name == environment_of[id_][0].name, id_
            assert component != "bootstrap", id_


def test_the_pattern_of_an_environment_means_its_stacks_without_bootstrap(
    stacks: Stacks, environment_of: Owners, environments: dict[str, Environment]
) -> None:
    for name in environments:
        assert {id_ for id_ in stacks if fnmatch(id_, f"{name}-*")} == {
            id_
            for id_, (environment, component) in environment_of.items()
            if environment.name == name and component != "bootstrap"
        }


@pytest.mark.parametrize("tier", ["public", "private", "data"])
def test_the_network_tells_people_its_subnets(stacks: Stacks, environments: dict[str, Environment], tier: str) -> None:
    for name, environment in environments.items():
        network = stacks[f"{name}-network"]
        subnets = {
            f"${{{network.address('aws_subnet', cidr_block=subnet['cidr_block'])}.id}}"
            for subnet in network.all("aws_subnet")
            if subnet["tags"]["Tier"] == tier
        }
        assert set(network.outputs[f"{tier}_subnet_ids"]["value"]) == subnets
        assert len(subnets) == len(environment.zones)


def test_only_the_owner_of_the_account_makes_its_singletons(tmp_path: Path) -> None:
    from cdktf import App, Testing

    from settings.account import AccountSettings
    from stacks.bootstrap import BootstrapStack

    for owns in (True, False):
        environment = load("iot-dev").model_copy(update={"account": AccountSettings(owns_api_gateway_role=owns)})
        stack = Synthesized(Testing.synth(BootstrapStack(App(outdir=str(tmp_path)), environment=environment)))
        assert bool(stack.all("aws_api_gateway_account")) is owns


def test_one_environment_at_most_owns_the_singletons_of_an_account(environments: dict[str, Environment]) -> None:
    owners: dict[tuple[str, str], list[str]] = {}
    for name, environment in environments.items():
        if environment.account.owns_api_gateway_role:
            owners.setdefault((environment.account_id, environment.region), []).append(name)

    shared = {place: names for place, names in owners.items() if len(names) > 1}
    assert not shared, "only one environment of an account and region may say owns_api_gateway_role = true"


def test_the_roles_of_the_workflows_come_by_setting(tmp_path: Path) -> None:
    from cdktf import App, Testing

    from settings.account import AccountSettings
    from stacks.bootstrap import BootstrapStack

    for repository in (None, "owner/name"):
        account = AccountSettings(github_repository=repository)
        environment = load("iot-dev").model_copy(update={"account": account})
        stack = Synthesized(Testing.synth(BootstrapStack(App(outdir=str(tmp_path)), environment=environment)))
        assert {"plan_role_arn", "deploy_role_arn"} <= stack.outputs.keys() or repository is None
        assert [role["name"] for role in stack.all("aws_iam_role")] == (
            ["iot-deploy-dev", "iot-plan-dev"] if repository else []
        )
