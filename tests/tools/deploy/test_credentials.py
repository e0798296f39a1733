"""Without credentials a command says so once, and starts nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.deploy import __main__ as deploy
from tools.deploy import cdktf, processes

NONE = "there are no AWS credentials; set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY\n"


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Programs that were started, on a machine without credentials."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    found: list[str] = []

    def run(command: list[str], **_: object) -> int:
        found.append(command[1])
        return 0

    monkeypatch.setattr(processes, "run", run)
    return found


CALLS = [["check-account"], ["diff"], ["deploy", "--approve"], ["unprotect", "--confirm", "iot-dev"]]


@pytest.mark.parametrize("call", CALLS)
def test_no_credentials_are_one_line(call: list[str], started: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert deploy.main([*call, "--env", "iot-dev"]) == 1
    assert capsys.readouterr().err == NONE
    assert started == []


@pytest.mark.parametrize(
    ("variable", "value"),
    [("AWS_PROFILE", "nobody"), ("AWS_ACCESS_KEY_ID", "half of a pair"), ("AWS_SHARED_CREDENTIALS_FILE", "/proc")],
)
def test_broken_ones_are_one_line(
    variable: str, value: str, started: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(variable, value)

    assert deploy.main(["diff", "--env", "iot-dev"]) == 1
    printed = capsys.readouterr().err
    assert printed.startswith("there are no AWS credentials")
    assert printed.count("\n") == 1
    assert started == []


def test_credentials_of_the_call_are_enough(started: list[str]) -> None:
    given = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    cdktf.run("deploy", "iot-dev-*", app=["app"], environ=given, approved=True)

    assert started == ["deploy"]


def test_a_profile_is_enough(started: list[str], tmp_path: Path) -> None:
    (tmp_path / "credentials").write_text("[default]\naws_access_key_id = a\naws_secret_access_key = b\n")

    cdktf.run("deploy", "iot-dev-*", app=["app"], environ={}, approved=True)

    assert started == ["deploy"]
