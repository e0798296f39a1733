"""Starts and stops the emulator as a process of its own."""

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tools.local.emulator.environment import client_environment, without_aws
from tools.synthesized.errors import ToolError
from tools.synthesized.paths import ROOT as _ROOT

_HEALTH_PATH = "/moto-api/data.json"
_STUBS_PATH = "/emulator-api/stubs"  # that of stubs.py, whose import would load moto
_START_TIMEOUT_SECONDS = 60.0
_STOP_TIMEOUT_SECONDS = 10.0
_TAIL_LINES = 30


class EmulatorError(ToolError):
    """The emulator did not start, or is not running."""


class Emulator:
    """The embedded AWS of one account; a context manager.

    The process runs in a session of its own (a Ctrl-C in the terminal does not reach it) and ends when its
    standard input closes, so that it never outlives this one, however this one ends; except with `detached`.
    """

    def __init__(
        self, account_id: str, *, log_dir: Path, lambda_config: Path | None = None, detached: bool = False
    ) -> None:
        self._detached = detached
        self._account_id = account_id
        self._log = log_dir / "emulator.log"
        self._lambda_config = lambda_config
        self._process: subprocess.Popen[bytes] | None = None
        self._endpoint_url: str | None = None

    @property
    def endpoint_url(self) -> str:
        if self._endpoint_url is None:
            raise EmulatorError("the embedded AWS has not been started")
        return self._endpoint_url

    @property
    def pid(self) -> int:
        """The process, for whoever ends a detached one later."""
        if self._process is None:
            raise EmulatorError("the embedded AWS has not been started")
        return self._process.pid

    def environment(self, region: str) -> dict[str, str]:
        """The variables that make AWS clients use the emulator; to be put over `without_aws(os.environ)`."""
        return client_environment(self.endpoint_url, region)

    def start(self) -> None:
        if self._process:
            raise EmulatorError("the embedded AWS is already running")
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="emulator-") as directory:
            port_file = Path(directory, "port")
            with self._log.open("ab") as log:
                self._process = subprocess.Popen(
                    self._command(port_file),
                    cwd=_ROOT,
                    env=without_aws(os.environ),
                    stdin=subprocess.DEVNULL if self._detached else subprocess.PIPE,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            try:
                self._endpoint_url = self._wait_until_healthy(port_file)
            except BaseException:
                self.stop()
                raise

    def make_stubs(self, arns: Sequence[str]) -> None:
        """Let what has these ARNs exist (`tools.local.stubs.named`). Raises EmulatorError."""
        request = urllib.request.Request(self.endpoint_url + _STUBS_PATH, json.dumps(list(arns)).encode())
        try:
            with _OPENER.open(request, timeout=60):
                pass
        except urllib.error.HTTPError as error:
            raise EmulatorError(f"the embedded AWS has made no stubs: {error.read().decode()}") from error

    def _command(self, port_file: Path) -> list[str]:
        command = [sys.executable, "-m", "tools.local.emulator", *([] if self._detached else ["--exit-with-stdin"])]
        command += ["--account-id", self._account_id, "--port-file", str(port_file)]
        if self._lambda_config:
            command += ["--lambda-config", str(self._lambda_config.resolve())]
        return command

    def _wait_until_healthy(self, port_file: Path) -> str:
        assert self._process
        deadline = time.monotonic() + _START_TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            if (code := self._process.poll()) is not None:
                raise EmulatorError(f"the embedded AWS ended with code {code} while starting.\n{self._log_tail()}")
            if port_file.exists():
                endpoint_url = f"http://127.0.0.1:{port_file.read_text()}"
                if _is_healthy(endpoint_url):
                    return endpoint_url
            time.sleep(0.1)
        raise EmulatorError(
            f"the embedded AWS was not ready within {_START_TIMEOUT_SECONDS:.0f} s.\n{self._log_tail()}"
        )

    def _log_tail(self) -> str:
        lines = self._log.read_text(errors="replace").splitlines()[-_TAIL_LINES:]
        return "\n".join([f"The end of {self._log}:", *lines])

    def stop(self) -> None:
        """End the process; nothing happens when it is not running."""
        process, self._process, self._endpoint_url = self._process, None, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_STOP_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdin:
            process.stdin.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _is_healthy(endpoint_url: str) -> bool:
    try:
        with _OPENER.open(endpoint_url + _HEALTH_PATH, timeout=5) as answer:
            return bool(answer.status == 200)
    except urllib.error.URLError:
        return False
