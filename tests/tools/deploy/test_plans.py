"""Saved plans: applied exactly and in order, refused when they no longer hold; and drift."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from synthesized_changes import edit, keep, only

from tests.tools.deploy.conftest import ENVIRONMENT, Deployment
from tools.deploy import plans, terraform
from tools.deploy.plans import Planned, diagnostics
from tools.synthesized.errors import DeployError

_NETWORK, _EGRESS = f"{ENVIRONMENT}-network", f"{ENVIRONMENT}-egress"


class Plans:
    """The functions of `tools.deploy.plans` on the embedded AWS, with what `apply` said."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self._aws: dict[str, Any] = {"environ": deployment.environ, "s3": deployment.client("s3")}
        self.said: list[str] = []

    def plan(self) -> dict[str, Planned]:
        return {planned.stack: planned for planned in plans.plan(ENVIRONMENT, **self._aws)}

    def apply(self) -> None:
        self.said.clear()
        plans.apply(ENVIRONMENT, **self._aws, say=self.said.append)

    def drift(self) -> dict[str, Planned]:
        return {planned.stack: planned for planned in plans.drift(ENVIRONMENT, **self._aws)}

    def edit(self, stack: str, change: Callable[[dict[str, Any]], None]) -> None:
        edit(self.deployment.outdir, stack, change)


@pytest.mark.emulator
def test_saved_plans_from_the_first_deployment_to_drift(
    deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terraform, "WORK", tmp_path)
    keep(deployment.outdir, f"bootstrap-{ENVIRONMENT}", _NETWORK, _EGRESS)
    run = Plans(deployment)
    with pytest.raises(DeployError, match="make plan ENV=iot-dev"):
        run.apply()

    # GIVEN nothing is deployed: what reads the network cannot be planned yet, and the plans are for nobody else
    planned = run.plan()
    assert planned[_NETWORK].changes
    assert planned[_EGRESS].note.startswith(f"cannot be planned before {_NETWORK}")
    assert (tmp_path / "plans" / ENVIRONMENT).stat().st_mode & 0o077 == 0

    # WHEN the configuration has changed by now, nothing is applied
    run.edit(_NETWORK, lambda json_: only(json_, "aws_cloudwatch_log_group")[1].update(retention_in_days=14))
    with pytest.raises(DeployError, match="iot-dev-network: the configuration has changed"):
        run.apply()
    assert run.said == []

    # WHEN it is planned anew, what has a plan is applied
    run.plan()
    with pytest.raises(DeployError, match="not up to date: iot-dev-egress"):
        run.apply()
    assert run.said == [f"{_NETWORK}: up to date", f"{_EGRESS}: has no saved plan"]
    assert {name: (item.changes, item.note) for name, item in run.drift().items()} == {
        f"bootstrap-{ENVIRONMENT}": (False, "not deployed"),
        _NETWORK: (False, ""),
        _EGRESS: (False, "not deployed"),
    }

    # WHEN both are planned, and applying the first changes what the second was planned with, that one is refused
    def readdress(json_: dict[str, Any]) -> None:
        subnets = json_["resource"]["aws_subnet"]
        next(subnet for id_, subnet in subnets.items() if "public" in id_)["cidr_block"] = "10.20.240.0/20"

    run.edit(_NETWORK, readdress)
    assert all(item.changes for item in run.plan().values())
    with pytest.raises(DeployError, match="not up to date: iot-dev-egress"):
        run.apply()
    assert run.said[0] == f"{_NETWORK}: up to date"
    assert run.said[1].startswith(f"{_EGRESS}: refused: {_NETWORK}.")

    # WHEN that is planned once more, everything is up to date
    run.plan()
    run.apply()
    assert run.said == [f"{_NETWORK}: up to date", f"{_EGRESS}: up to date"]

    # WHEN somebody changes something by hand, that is drift
    ec2 = deployment.client("ec2")
    (gateway,) = ec2.describe_nat_gateways()["NatGateways"]
    ec2.create_tags(Resources=[gateway["NatGatewayId"]], Tags=[{"Key": "Name", "Value": "by hand"}])
    drifted = run.drift()[_EGRESS]
    assert drifted.changes
    assert "aws_nat_gateway" in [item["type"] for item in (drifted.document or {})["resource_drift"]]

    # WHEN a state has changed since the plan, nothing is applied
    run.plan()
    state = deployment.stack("egress").backend
    s3 = deployment.client("s3")
    stored = json.loads(s3.get_object(Bucket=state["bucket"], Key=state["key"])["Body"].read())
    stored["serial"] += 1
    s3.put_object(Bucket=state["bucket"], Key=state["key"], Body=json.dumps(stored).encode())
    with pytest.raises(DeployError, match="iot-dev-egress: its state has changed"):
        run.apply()
    assert run.said == []


def test_errors_are_read_from_what_terraform_prints() -> None:
    lines = [
        {"type": "version"},
        {"type": "diagnostic", "diagnostic": {"severity": "warning", "summary": "Old"}},
        {"diagnostic": {"severity": "error", "summary": "No", "detail": "Because\n of it.", "address": "aws_vpc.a"}},
    ]

    assert diagnostics("\n".join(["not JSON", *map(json.dumps, lines)])) == ["aws_vpc.a: No: Because of it."]


@pytest.mark.parametrize(
    ("document", "changes"),
    [
        (None, False),
        ({"resource_changes": [{"change": {"actions": ["no-op"]}}]}, False),
        ({"resource_changes": [{"change": {"actions": ["read"]}}]}, False),
        ({"resource_changes": [{"change": {"actions": ["update"]}}]}, True),
        ({"resource_changes": [{"change": {"actions": ["no-op"]}, "previous_address": "aws_vpc.old"}]}, True),
        ({"output_changes": {"a": {"actions": ["delete"]}}}, True),
    ],
)
def test_what_counts_as_a_change(document: dict[str, Any] | None, changes: bool) -> None:
    assert Planned("iot-dev-data", document).changes is changes
