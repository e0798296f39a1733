"""Secrets Manager throttles, fails, denies, or does not answer."""

from __future__ import annotations

import contextlib
import socket
import time
from typing import Any

import boto3
import botocore.exceptions
import pytest
from botocore.config import Config

from rotation import errors
from rotation.aws import CLIENT_CONFIG, LONGEST_PAUSE_SECONDS, MAX_UNREACHABLE_ATTEMPTS
from rotation_support.cases import alternating_again, prepared
from rotation_support.secrets_manager import Fault
from rotation_support.world import STEPS, Case, Context, World


@pytest.mark.parametrize("operation", ["describe_secret", "get_secret_value", "put_secret_value"])
def test_throttling_is_retried_inside_the_budget(world: World, operation: str) -> None:
    case = world.alternating()
    world.secrets_manager.faults.append(Fault(operation, "ThrottlingException", times=4))
    case.rotate()
    assert world.secrets_manager.faults[0].times == 0


def test_throttling_without_end_is_an_error(world: World) -> None:
    case = world.alternating()
    case.begin()
    world.secrets_manager.faults.append(Fault("describe_secret", "ThrottlingException"))
    with pytest.raises(errors.ThrottledError):
        case.step("createSecret")
    assert len(world.secrets_manager.calls) == 6


def test_throttling_is_not_retried_when_time_is_up(world: World) -> None:
    case = world.alternating()
    case.begin()
    world.secrets_manager.faults.append(Fault("describe_secret", "ThrottlingException"))
    with pytest.raises(errors.ThrottledError):
        case.step("createSecret", context=Context(1_200))
    assert len(world.secrets_manager.calls) == 1


def test_internal_service_error_is_retried(world: World) -> None:
    case = world.alternating()
    world.secrets_manager.faults.append(
        Fault("update_secret_version_stage", "InternalServiceError", status=500, times=2)
    )
    case.rotate()


def test_no_client_error_of_the_api_is_called_retryable(world: World) -> None:
    """Every error that the service's model knows, and one that it does not: a repeated call gets the same answer."""
    shapes = boto3.client("secretsmanager")._service_model
    codes = [shape.name for shape in shapes.error_shapes if shape.name != "InternalServiceError"]
    assert "InvalidParameterException" in codes
    assert "LimitExceededException" in codes
    for code in [*codes, "ValidationException", "SomethingNewException"]:
        case = world.alternating()
        case.begin()
        world.secrets_manager.calls.clear()
        world.secrets_manager.faults[:] = [Fault("describe_secret", code)]
        with pytest.raises(errors.RotationError, match=code) as caught:
            case.step("createSecret")
        assert not caught.value.retryable, code
        assert len(world.secrets_manager.calls) == 1


@pytest.mark.parametrize(("code", "status"), [("RequestTimeout", 400), ("SomethingNewException", 503)])
def test_answers_that_pass_are_retried(world: World, code: str, status: int) -> None:
    case = world.alternating()
    world.secrets_manager.faults.append(Fault("describe_secret", code, status=status, times=3))
    case.rotate()
    case.begin()
    world.secrets_manager.faults.append(Fault("describe_secret", code, status=status))
    with pytest.raises(errors.ServiceError) as caught:
        case.step("createSecret")
    assert caught.value.retryable


@pytest.mark.parametrize("code", ["AccessDeniedException", "DecryptionFailure"])
def test_policy_or_kms_denies_a_read(world: World, code: str) -> None:
    _denied(alternating_again(world), "createSecret", Fault("get_secret_value", code))


@pytest.mark.parametrize("code", ["AccessDeniedException", "EncryptionFailure"])
def test_policy_or_kms_denies_a_write(world: World, code: str) -> None:
    _denied(alternating_again(world), "createSecret", Fault("put_secret_value", code))


def test_policy_denies_only_the_final_stage_change(world: World) -> None:
    fault = Fault("update_secret_version_stage", "AccessDeniedException")
    _denied(alternating_again(world), "finishSecret", fault)


def test_policy_denies_only_the_master_secret(world: World) -> None:
    case = alternating_again(world)
    master = case.current()["masterarn"]
    fault = Fault("get_secret_value", "AccessDeniedException", when=lambda call: call["SecretId"] == master)
    _denied(case, "createSecret", fault)


def _denied(case: Case, step: str, fault: Fault) -> None:
    """A clear error, nothing changed by the step; after the policy was corrected the replay completes."""
    case.begin()
    case.steps(*STEPS[: STEPS.index(step)])
    case.world.secrets_manager.faults.append(fault)
    with case.unchanged(), pytest.raises(errors.AccessDeniedError, match=fault.operation) as caught:
        case.step(step)
    assert fault.code in str(caught.value)
    case.world.secrets_manager.faults.clear()
    case.steps(*STEPS)
    assert case.world.works(case.current())


def test_secrets_manager_unreachable_is_an_error_within_10_seconds(world: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        config = CLIENT_CONFIG.merge(Config(read_timeout=0.5))
        client = boto3.client("secretsmanager", endpoint_url=f"http://127.0.0.1:{port}", config=config)
        case = prepared(world)
        started = time.monotonic()
        with pytest.raises(errors.EndpointUnreachableError, match="have a route or a VPC endpoint"):
            case.step("createSecret", client=client)
        assert time.monotonic() - started < 10
        silent.setblocking(False)
        attempts = 0
        with contextlib.suppress(BlockingIOError):
            while True:
                silent.accept()[0].close()
                attempts += 1
    assert attempts == MAX_UNREACHABLE_ATTEMPTS
    # With the timeouts of production and the pause between the attempts:
    longest = max(CLIENT_CONFIG.connect_timeout, CLIENT_CONFIG.read_timeout)
    assert attempts * longest + (attempts - 1) * LONGEST_PAUSE_SECONDS <= 10
    with pytest.raises(errors.EndpointUnreachableError, match="EndpointConnectionError"):
        case.step("createSecret", client=client)


def test_function_without_credentials(world: World) -> None:
    _refused_by(world, botocore.exceptions.NoCredentialsError(), errors.AccessDeniedError)


def test_call_that_cannot_be_made(world: World) -> None:
    error = botocore.exceptions.ParamValidationError(report="hunter2hunter2")
    world.leaks.add("hunter2hunter2")
    _refused_by(world, error, errors.CallRejectedError)


def _refused_by(world: World, error: Exception, kind: type[errors.RotationError]) -> None:
    class Client:
        def describe_secret(self, **_: Any) -> dict[str, Any]:
            raise error

    with pytest.raises(kind):
        world.handle({"report": {"SecretId": "s"}}, client=Client())
