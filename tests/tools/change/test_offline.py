"""The test file of a plan without AWS, and what `make plan-offline` does with it; tests/terraform runs Terraform."""

from __future__ import annotations

from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from tools.change import __main__ as command
from tools.change import offline
from tools.deploy import cdktf, terraform
from tools.synthesized import stacks

_REMOTE = "cross-stack-reference-input-shop"
_PROVIDER = {"region": "ca-central-1", "allowed_account_ids": ["111111111111"], "default_tags": {"tags": {"a": "b"}}}
_NETWORK: dict[str, Any] = {
    "provider": {"aws": [_PROVIDER]},
    "resource": {
        "aws_vpc": {"vpc_1": {"cidr_block": "10.0.0.0/16"}},
        "aws_subnet": {"a": {}, "b": {}},
        "aws_db_subnet_group": {"group": {"name": "shop-database"}},
        "aws_kms_key": {"key_1": {}},
        "aws_lambda_function": {"f": {"function_name": "${aws_vpc.vpc_1.id}-f"}},
    },
    "output": {
        "vpc": {"value": "${aws_vpc.vpc_1.id}"},
        "subnets": {"value": ["${aws_subnet.a.id}", "${aws_subnet.b.id}"]},
        "group": {"value": "${aws_db_subnet_group.group.name}"},
        "key": {"value": "${aws_kms_key.key_1.arn}"},
        "function": {"value": "${aws_lambda_function.f.function_name}"},
        "address": {"value": "https://${aws_vpc.vpc_1.id}:443"},
        "flag": {"value": True},
        "unread": {"value": "x"},
    },
}
_API: dict[str, Any] = {
    "provider": {"aws": [_PROVIDER]},
    "output": {"vpc": {"value": f"${{data.terraform_remote_state.{_REMOTE}-network.outputs.vpc}}"}},
}


def _test_file(*outputs: str, stack: str = "network", **more: Any) -> dict[str, Any]:
    reads = [f"${{data.terraform_remote_state.{_REMOTE}-{stack}.outputs.{output}}}" for output in outputs]
    data: dict[str, Any] = {"terraform_remote_state": {f"{_REMOTE}-{stack}": {}}} if outputs else {}
    content = {"provider": {"aws": [_PROVIDER]}, "data": data | more, "resource": {"aws_x": {"x": {"reads": reads}}}}
    return offline.test_file("shop-data", {"shop-network": _NETWORK, "shop-api": _API, "shop-data": content})


@pytest.mark.parametrize(
    ("output", "value"),
    [
        ("vpc", "offline-vpc_1"),
        ("subnets", ["offline-a", "offline-b"]),
        ("group", "shop-database"),
        ("key", "arn:aws:kms:ca-central-1:111111111111:key_1"),
        ("function", "offline-f"),
        ("address", "https://offline-vpc_1:443"),
        ("flag", True),
    ],
)
def test_an_output_has_the_value_that_is_written_or_one_of_its_form(output: str, value: Any) -> None:
    (overridden,) = _test_file(output)["override_data"]

    target = f"data.terraform_remote_state.{_REMOTE}-network"
    assert overridden == {"target": target, "values": {"outputs": {output: value}}}


def test_an_output_that_a_stack_hands_on_is_looked_up_where_it_comes_from() -> None:
    (overridden,) = _test_file("vpc", stack="api")["override_data"]

    assert overridden["values"] == {"outputs": {"vpc": "offline-vpc_1"}}


def test_nothing_of_it_asks_aws() -> None:
    made = _test_file("vpc", aws_ec2_managed_prefix_list={"front": {"name": "com.amazonaws.global"}})

    (provider,) = made["provider"]["aws"]
    assert "allowed_account_ids" not in provider
    assert provider["skip_requesting_account_id"] is True
    assert provider["default_tags"] == {"tags": {"a": "b"}}
    assert {"target": "data.aws_ec2_managed_prefix_list.front"} in made["override_data"]
    assert made["run"] == {"plan": {"command": "plan"}}


def test_a_stack_that_cannot_be_planned_is_said_with_the_error_after_the_others(
    app_outdir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    planned: list[str] = []

    def run(arguments: list[str], *, cwd: Path, environ: dict[str, str], check: bool) -> CompletedProcess[str]:
        assert not [name for name in environ if name.startswith("AWS_") and name != "AWS_EC2_METADATA_DISABLED"]
        assert (cwd / offline.TEST).is_file()
        fails = arguments[0] == "test" and cwd.name == "iot-dev-data"
        if arguments[0] == "test":
            planned.append(cwd.name)
        return CompletedProcess(arguments, int(fails), "Plan: 3 to add, 0 to change.\n", "Error: no\n" if fails else "")

    monkeypatch.setattr(terraform, "run", run)
    monkeypatch.setattr(terraform, "WORK", tmp_path)
    monkeypatch.setattr(terraform, "check_machine", lambda environ: None)
    monkeypatch.setattr(command, "ROOT", tmp_path)
    monkeypatch.setattr(cdktf, "synthesize", lambda app, environ: None)
    monkeypatch.setattr(stacks, "OUTDIR", app_outdir)
    monkeypatch.setenv("AWS_PROFILE", "somebody")

    assert command.main(["offline", "--env", "iot-dev"]) == 1

    said = capsys.readouterr()
    assert said.err == "cannot be planned: iot-dev-data\n"
    assert "iot-dev-data: cannot be planned\nPlan: 3 to add, 0 to change.\nError: no\n" in said.out
    assert "iot-dev-network: Plan: 3 to add, 0 to change.\n" in said.out
    assert set(planned) == {stack.name for stack in stacks.find_all("iot-dev")}
