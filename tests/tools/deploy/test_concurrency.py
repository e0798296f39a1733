"""Whether the account can reserve what the settings ask for, before anything is deployed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from settings import load
from tools.deploy import __main__ as command
from tools.deploy import cdktf
from tools.deploy.account import check_concurrency, prepare
from tools.synthesized.errors import DeployError

PRODUCTION = load("iot-prod")


class Functions:
    """Answers as Lambda does for an account with this quota, where `held` is reserved for the rotation."""

    exceptions = SimpleNamespace(ResourceNotFoundException=type("ResourceNotFoundException", (ClientError,), {}))

    def __init__(
        self, quota: int, *, reserved: int = 0, held: int | None = None, error: Exception | None = None
    ) -> None:
        self._limits = {"ConcurrentExecutions": quota, "UnreservedConcurrentExecutions": quota - reserved - (held or 0)}
        self._held, self._error = held, error

    def get_account_settings(self) -> Any:
        if self._error:
            raise self._error
        return {"AccountLimit": self._limits}

    def get_function_concurrency(self, **asked: str) -> Any:
        assert asked == {"FunctionName": "iot-rotation-prod"}
        if self._held is None:
            raise self.exceptions.ResourceNotFoundException({}, "GetFunctionConcurrency")
        return {"ReservedConcurrentExecutions": self._held} if self._held else {}


class Logs:
    """Answers every call by an error."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, _: str) -> Any:
        def fail(**_: object) -> None:
            raise self._error

        return fail


@pytest.mark.parametrize(
    "functions",
    [
        Functions(1000),
        Functions(102),
        Functions(1000, reserved=898),
        Functions(102, held=2),  # deployed again
        Functions(102, held=0),  # made while the settings reserved none
    ],
)
def test_an_account_with_enough_is_deployed_to(functions: Functions) -> None:
    check_concurrency(PRODUCTION, functions)


@pytest.mark.parametrize(
    ("functions", "quota", "spare"),
    [
        (Functions(10), 10, 0),
        (Functions(101), 101, 1),
        (Functions(1000, reserved=899), 1000, 1),
        (Functions(101, held=1), 101, 1),
    ],
)
def test_an_account_that_cannot_spare_it_is_told_so_in_one_line(functions: Functions, quota: int, spare: int) -> None:
    with pytest.raises(DeployError) as refused:
        prepare(PRODUCTION, clients=lambda _: functions, approved=True)

    assert str(refused.value) == (
        f"rotation.reserved_concurrency = 2; allowed: at most {spare} in the account 222222222222, whose Lambda "
        f"concurrency quota in ca-central-1 is {quota}, of which 100 must stay unreserved; "
        "ask AWS to raise the quota, or set 0 in development"
    )


def not_called(*_: Any, **__: Any) -> Any:
    raise AssertionError("this was not to be called")


def test_where_none_is_reserved_nothing_is_asked() -> None:
    development = load("iot-dev")

    assert development.rotation.reserved_concurrency == 0
    check_concurrency(development, None)


@pytest.mark.parametrize(
    "error", [NoCredentialsError(), ClientError({"Error": {"Code": "AccessDenied"}}, "GetAccountSettings")]
)
def test_an_aws_that_does_not_tell_stops_nothing(error: Exception) -> None:
    said: list[str] = []

    def clients(service: str) -> Any:
        if service == "lambda":
            return Functions(10, error=error)
        return Logs(error)

    prepare(PRODUCTION, clients=clients, approved=True, say=said.append)

    assert len(said) == 2
    assert all("was not checked" in line for line in said)


@pytest.mark.parametrize("verb", ["deploy", "apply"])
def test_it_comes_before_anything_is_changed(
    verb: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "_client", lambda service, region: Functions(10))
    monkeypatch.setattr(cdktf, "require_credentials", lambda environ: None)
    for name in ("run", "synthesize"):
        monkeypatch.setattr(cdktf, name, not_called)
    monkeypatch.setattr(command, "plans", SimpleNamespace(apply=not_called))

    assert command.main([verb, "--env", "iot-prod", "--approve"]) == 1
    out, err = capsys.readouterr()
    assert err.startswith("rotation.reserved_concurrency = 2;")
    assert err.count("\n") == 1
    assert out == ""
