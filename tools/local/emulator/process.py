"""Starts and stops the emulator as a process of its own."""

import os
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any, Self

import boto3

from tools.deploy.processes import end_family
from tools.local.emulator.environment import HOST, KEY, client_environment, without_aws
from tools.synthesized.errors import ToolError
from tools.synthesized.paths import ROOT

_START_TIMEOUT_SECONDS = 60.0
_TAIL_LINES = 30
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


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
        self._account_id = account_id
        self._log = log_dir / "emulator.log"
        self.calls = log_dir / "calls.jsonl"
        """Every call: see `tools.local.emulator.calls`."""
        self._options = ["--calls", str(self.calls.resolve())]
        self._options += ["--lambda-config", str(lambda_config.resolve())] if lambda_config else []
        self._detached = detached
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0

    @property
    def endpoint_url(self) -> str:
        self._require_process()
        return f"http://{HOST}:{self._port}"

    @property
    def pid(self) -> int:
        """The process, for whoever ends a detached one later."""
        return self._require_process().pid

    def _require_process(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise EmulatorError("the embedded AWS has not been started")
        return self._process

    def environment(self, region: str) -> dict[str, str]:
        """The variables that make AWS clients use the emulator; to be put over `without_aws(os.environ)`."""
        return client_environment(self.endpoint_url, region)

    def client(self, service: str, region: str) -> Any:
        """A boto3 client of the emulator."""
        return boto3.client(
            service,
            endpoint_url=self.endpoint_url,
            region_name=region,
            aws_access_key_id=KEY,
            aws_secret_access_key=KEY,
        )

    def start(self) -> None:
        """Start it on a socket that listens already: the first request waits until it is served.

        Raises EmulatorError.
        """
        if self._process:
            raise EmulatorError("the embedded AWS is already running")
        self._log.parent.mkdir(parents=True, exist_ok=True)
        # moto reads both when it is imported.
        settings = {"MOTO_ACCOUNT_ID": self._account_id, "MOTO_IAM_LOAD_MANAGED_POLICIES": "true"}
        with socket.create_server((HOST, 0)) as listening, self._log.open("ab") as log:
            self._port = listening.getsockname()[1]
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tools.local.emulator", str(listening.fileno()), *self._options],
                cwd=ROOT,
                env=without_aws(os.environ) | settings,
                stdin=subprocess.DEVNULL if self._detached else subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=[listening.fileno()],
            )
        try:
            with _OPENER.open(f"{self.endpoint_url}/moto-api/data.json", timeout=_START_TIMEOUT_SECONDS):
                pass
        except BaseException as error:
            self.stop()
            if isinstance(error, OSError):
                tail = self._log.read_text(errors="replace").splitlines()[-_TAIL_LINES:]
                said = "\n".join([f"The end of {self._log}:", *tail])
                raise EmulatorError(f"the embedded AWS did not start: {error}\n{said}") from error
            raise

    def stop(self) -> None:
        """End the process; nothing happens when it is not running."""
        process, self._process = self._process, None
        if process is not None:
            end_family(process.pid)
            process.communicate()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
