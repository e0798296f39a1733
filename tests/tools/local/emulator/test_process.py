"""Starting, stopping and dying; each test pays some two seconds for a process of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.tools.local.emulator.conftest import ACCOUNT_ID, REGION, Client
from tools.local.emulator import process
from tools.local.emulator.process import Emulator, EmulatorError

_ROOT = Path(__file__).resolve().parents[4]


def _is_listening(port: int) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0


def _wait_until_free(port: int, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while _is_listening(port):
        assert time.monotonic() < deadline, f"port {port} is still in use"
        time.sleep(0.05)


def test_account_is_the_one_asked_for(client: Client) -> None:
    assert client("sts").get_caller_identity()["Account"] == ACCOUNT_ID


def test_clients_of_the_tests_leave_the_environment_to_other_tests(client: Client, emulator: Emulator) -> None:
    before = dict(os.environ)
    assert client("cloudtrail").meta.endpoint_url == emulator.endpoint_url
    assert dict(os.environ) == before
    assert os.environ.get("AWS_ENDPOINT_URL") != emulator.endpoint_url


def test_managed_policies_exist(client: Client) -> None:
    arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    assert client("iam").get_policy(PolicyArn=arn)["Policy"]["Arn"] == arn


def test_environment_can_be_used_by_any_client(emulator: Emulator) -> None:
    environment = emulator.environment(REGION)
    assert environment["AWS_ENDPOINT_URL"] == emulator.endpoint_url
    assert emulator.endpoint_url.startswith("http://127.0.0.1:")


@pytest.mark.parametrize("detached", [True, False])
@pytest.mark.timeout(100)
def test_stopped_emulator_has_freed_its_port_and_can_be_started_again(tmp_path: Path, *, detached: bool) -> None:
    emulator = Emulator(ACCOUNT_ID, log_dir=tmp_path, detached=detached)
    for _ in range(2):
        with emulator:
            port = int(emulator.endpoint_url.rsplit(":", 1)[1])
            assert _is_listening(port)
        assert not _is_listening(port)
    with pytest.raises(EmulatorError, match="has not been started"):
        _ = emulator.endpoint_url
    emulator.stop()


def test_emulator_that_runs_is_not_started_twice(emulator: Emulator) -> None:
    with pytest.raises(EmulatorError, match="already running"):
        emulator.start()


def test_failed_start_carries_the_end_of_the_log(tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    emulator = Emulator(ACCOUNT_ID, log_dir=tmp_path, lambda_config=config)
    emulator._options.append("--no-such-option")
    with pytest.raises(EmulatorError, match=r"(?s)did not start.*emulator\.log.*unrecognized arguments: --no-such"):
        emulator.start()


def test_start_that_takes_too_long_ends_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_START_TIMEOUT_SECONDS", 0.01)
    emulator = Emulator(ACCOUNT_ID, log_dir=tmp_path)
    with pytest.raises(EmulatorError, match="did not start: timed out"):
        emulator.start()
    with pytest.raises(EmulatorError, match="has not been started"):
        _ = emulator.endpoint_url


def test_death_of_the_parent_ends_the_emulator(tmp_path: Path) -> None:
    script = (
        "import os, pathlib, signal\n"
        "from tools.local.emulator.process import Emulator\n"
        f"emulator = Emulator('{ACCOUNT_ID}', log_dir=pathlib.Path({str(tmp_path)!r}))\n"
        "emulator.start()\n"
        "print(emulator.endpoint_url, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    parent = subprocess.run([sys.executable, "-c", script], cwd=_ROOT, capture_output=True, text=True, check=False)
    assert parent.returncode == -signal.SIGKILL, parent.stderr
    _wait_until_free(int(parent.stdout.strip().rsplit(":", 1)[1]))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("detached", [True, False])
def test_it_ends_cleanly_on_a_signal(tmp_path: Path, number: signal.Signals, *, detached: bool) -> None:
    emulator = Emulator(ACCOUNT_ID, log_dir=tmp_path, detached=detached)
    emulator.start()
    os.kill(emulator.pid, number)
    assert emulator._require_process().wait(10) == 0
    assert (tmp_path / "emulator.log").read_text() == ""


def test_client_that_stalls_does_not_hold_up_others(emulator: Emulator, client: Client) -> None:
    port = int(emulator.endpoint_url.rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port)) as stalled:
        stalled.sendall(b"PUT /bucket/key HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\nhalf")
        time.sleep(0.2)
        assert client("sts").get_caller_identity()["Account"] == ACCOUNT_ID


def test_calls_of_an_earlier_start_are_not_recorded_twice(tmp_path: Path) -> None:
    for bucket in ("first", "second"):
        with Emulator(ACCOUNT_ID, log_dir=tmp_path) as started:
            started.client("s3", "us-east-1").create_bucket(Bucket=bucket)

    (call,) = map(json.loads, started.calls.read_text().splitlines())

    assert call["names"]["Bucket"] == "second"
