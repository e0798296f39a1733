"""One stack alone: what it needs must be deployed, and as it is now."""

from __future__ import annotations

import pytest
from fake_tools import Tools, document

from tools.deploy.__main__ import main

NAME = "iot-dev"
ONE = ["deploy", "--env", NAME, "--stack", "service", "--approve"]


@pytest.fixture(autouse=True)
def _deployed(tools: Tools) -> None:
    tools.put_state("network", vpc_id="vpc-1")
    tools.put_state("data")


def test_it_is_deployed_without_those_it_needs(tools: Tools) -> None:
    assert main(ONE) == 0

    (call,) = tools.ran("cdktf")
    assert call.arguments[:2] == ("deploy", f"{NAME}-service")
    assert {"--auto-approve", "--ignore-missing-stack-dependencies"} <= set(call.arguments)


def test_every_stack_before_it_is_planned_without_asking_aws(tools: Tools) -> None:
    main(ONE)

    plans = tools.ran("terraform", "plan")
    assert {call.folder for call in plans} == {f"{NAME}-network", f"{NAME}-data"}
    assert all("-refresh=false" in call.arguments for call in plans)


def test_a_stack_that_needs_none_is_deployed_at_once(tools: Tools) -> None:
    assert main(["deploy", "--env", NAME, "--stack", "network", "--approve"]) == 0

    assert not tools.ran("terraform", "plan")
    assert tools.changes() == [tools.ran("cdktf")[0].words]


@pytest.mark.parametrize("absent", ["network", "data"])
def test_one_before_it_that_is_not_deployed_is_named(
    tools: Tools, absent: str, capsys: pytest.CaptureFixture[str]
) -> None:
    stack = tools.stack(absent)
    tools.s3.delete_object(Bucket=stack.backend["bucket"], Key=stack.backend["key"])

    assert main(ONE) == 1

    assert not tools.changes()
    said = f"{NAME}-service depends on {NAME}-{absent}, which is not deployed; first run: make deploy ENV={NAME}"
    assert said in capsys.readouterr().err


def test_one_before_it_that_has_changed_is_named(tools: Tools, capsys: pytest.CaptureFixture[str]) -> None:
    tools.on("terraform", "show", f"{NAME}-network", stdout=document("update"))

    assert main(ONE) == 1

    assert not tools.changes()
    assert f"{NAME}-service depends on {NAME}-network, which would change" in capsys.readouterr().err


def test_one_before_it_that_cannot_be_planned_stops_all(tools: Tools, capsys: pytest.CaptureFixture[str]) -> None:
    tools.on("terraform", "init", f"{NAME}-data", code=1, stderr="no bucket")

    assert main(ONE) == 1

    assert not tools.changes()
    assert "these stacks cannot be planned:" in capsys.readouterr().err


def test_a_name_of_no_stack_is_refused(tools: Tools, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["deploy", "--env", NAME, "--stack", "servic", "--approve"]) == 1

    assert not tools.changes()
    assert "STACK = 'servic'; allowed: data, network, service; correct the name" in capsys.readouterr().err
