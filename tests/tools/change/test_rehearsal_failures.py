"""What becomes of the stacks after one that fails; Terraform and AWS are played. The real ones: tests/review."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from settings import load
from tools.change.rehearsal import Rehearsal, Say
from tools.deploy import plans, terraform
from tools.deploy.plans import Planned
from tools.local.emulator import release
from tools.synthesized.errors import DeployError
from tools.synthesized.stacks import Stack

_REFUSAL = f"deleting EC2 Subnet: api error {release.REFUSALS[0]}: The subnet has dependencies"
_VPC = {"type": "aws_vpc", "change": {"actions": ["delete", "create"], "before": {"id": "vpc-1"}}}

Rehearse = Callable[..., dict[str, Planned]]


class Ec2:
    """Keeps what it is told to tag."""

    def __init__(self) -> None:
        self.tagged: list[str] = []

    def create_tags(self, Resources: list[str], Tags: list[Mapping[str, str]]) -> None:  # noqa: N803
        assert [tag["Key"] for tag in Tags] == [release.TAG]
        self.tagged += Resources


@pytest.fixture
def ec2() -> Ec2:
    return Ec2()


@pytest.fixture
def rehearse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ec2: Ec2) -> Rehearse:
    """Rehearses network -> data -> service; `plan` has errors by stack, `apply` those of the calls in their order."""
    stacks = []
    for name, needs in (("network", ()), ("data", ("network",)), ("service", ("data",))):
        (tmp_path / name).mkdir()
        backend = {"bucket": "states", "key": f"{name}.tfstate"}
        (tmp_path / name / "cdk.tf.json").write_text(json.dumps({"terraform": {"backend": {"s3": backend}}}))
        stacks.append(Stack(name, tmp_path / name, backend, needs))

    def run(*, plan: Mapping[str, str] | None = None, apply: Mapping[str, list[str]] | None = None) -> Any:
        answers = {name: iter(errors) for name, errors in (apply or {}).items()}

        def run_plan(stack: Stack, *_: object, say: Say) -> Planned:
            if plan and stack.name in plan:
                return Planned(stack.name, None, (plan[stack.name],))
            return Planned(stack.name, {"resource_changes": [_VPC]})

        def run_apply(stack: Stack, *_: object, say: Say) -> tuple[str, ...]:
            error = next(answers.get(stack.name, iter(())), "")
            return (error,) if error else ()

        monkeypatch.setattr(plans, "run_plan", run_plan)
        monkeypatch.setattr(plans, "run_apply", run_apply)
        rehearsal = Rehearsal(load("iot-dev"), tmp_path)
        monkeypatch.setattr(rehearsal, "_stacks", lambda outdir: stacks)
        monkeypatch.setattr(rehearsal, "_make_bucket", lambda found: None)
        monkeypatch.setattr(rehearsal, "_await_bucket", lambda stack: None)
        monkeypatch.setattr(rehearsal, "client", lambda service: ec2)
        return {planned.stack: planned for planned in rehearsal.change(tmp_path, base=None, say=lambda line: None)}

    return run


def test_after_a_failure_the_others_are_planned_with_what_there_is(rehearse: Rehearse, ec2: Ec2) -> None:
    made = rehearse(apply={"network": ["no such engine"]})

    assert made["network"].errors == ("on the embedded AWS: no such engine",)
    for name, needs in (("data", "network"), ("service", "data")):
        assert made[name].note == f"not applied, because it depends on {needs}; planned with the outputs that are there"
        assert made[name].changes
    assert ec2.tagged == []


def test_what_cannot_be_planned_after_a_failure_says_why_and_is_no_failure(rehearse: Rehearse) -> None:
    made = rehearse(apply={"network": ["no such engine"]}, plan={"data": "Unsupported attribute"})

    assert made["data"].note == "cannot be planned, for it needs network: Unsupported attribute"
    assert made["data"].errors == ()


def test_beyond_a_refusal_everything_is_applied(rehearse: Rehearse, ec2: Ec2) -> None:
    made = rehearse(apply={"network": [_REFUSAL]})

    assert made["network"].errors == (f"on the embedded AWS: {_REFUSAL}",)
    assert made["network"].note.startswith("AWS refuses it")
    assert [made[name].note for name in ("data", "service")] == ["as if network had not been refused"] * 2
    assert ec2.tagged == ["vpc-1"]


def test_a_refusal_that_does_not_end_is_a_failure(rehearse: Rehearse) -> None:
    made = rehearse(apply={"network": [_REFUSAL, "something else"]})

    assert made["network"].errors == (f"on the embedded AWS: {_REFUSAL}",)
    assert made["data"].note.startswith("not applied, because it depends on network")


_PAYLOAD = {
    "errorMessage": "password authentication failed",
    "errorType": "InvalidPasswordError",
    "requestId": "1",
    "stackTrace": ['  File "/var/task/rotation.py", line 1, in handler\n    Traceback\n'],
}


def test_a_base_that_fails_says_why_without_a_stack_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = {"bucket": "states", "key": "rotation.tfstate"}
    summary = f"invoking Lambda Function (iot-rotation-dev): {json.dumps(_PAYLOAD, indent=2)}"
    failure = {"severity": "error", "summary": summary, "address": "aws_lambda_invocation.preflight"}
    lines = [
        {"@message": "aws_lambda_invocation.preflight: Creating..."},
        {"@message": f"Error: {summary}", "diagnostic": failure},
    ]

    def terraform_run(arguments: list[str], *, on_line: Say | None = None, **_: object) -> CompletedProcess[str]:
        printed = [json.dumps(line) for line in lines] if arguments[0] == "apply" else []
        for line in printed:
            assert on_line is not None
            on_line(line)
        return CompletedProcess(arguments, len(printed), "\n".join(printed), "")

    monkeypatch.setattr(terraform, "run", terraform_run)
    rehearsal = Rehearsal(load("iot-dev"), tmp_path)
    monkeypatch.setattr(rehearsal, "_stacks", lambda outdir: [Stack("rotation", tmp_path, backend)])
    monkeypatch.setattr(rehearsal, "_make_bucket", lambda found: None)
    monkeypatch.setattr(rehearsal, "_await_bucket", lambda stack: None)
    said: list[str] = []

    with pytest.raises(DeployError) as error:
        rehearsal.deploy(tmp_path, say=said.append)

    reason = "invoking Lambda Function (iot-rotation-dev): InvalidPasswordError: password authentication failed"
    assert str(error.value) == (
        f"the base cannot be deployed; rotation fails:\naws_lambda_invocation.preflight: {reason}"
    )
    assert said == ["rotation: aws_lambda_invocation.preflight: Creating...", f"rotation: Error: {reason}"]
