"""Runs the Lambda functions that were uploaded to the emulator, each call in a process of this machine's
Python.
"""

import base64
import fnmatch
import importlib.machinery
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from moto.core.utils import unix_time_millis, utcnow

from tools.local.emulator.environment import client_environment
from tools.local.emulator.state import released

_HOST = Path(__file__).with_name("function_host.py")
_LOG_TAIL_BYTES = 4096


@dataclass(frozen=True)
class FunctionResult:
    payload: str
    failed: bool
    log: str

    @property
    def log_tail(self) -> str:
        return base64.b64encode(self.log.encode()[-_LOG_TAIL_BYTES:]).decode()


@dataclass(frozen=True)
class Overrides:
    """What this machine changes in the functions whose names match a pattern: further environment
    variables, and files of the unpacked package (by their path in it) that are replaced. A function's
    own package is never touched.
    """

    environment: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)


@dataclass
class HostSettings:
    endpoint_url: str = ""
    overrides_file: Path | None = None
    directory: Path | None = None

    def overrides(self, function_name: str) -> Overrides:
        """Read anew for every call, since PostgreSQL's address may be known only after the emulator was
        started.
        """
        merged = Overrides()
        if self.overrides_file:
            for pattern, settings in json.loads(self.overrides_file.read_text()).items():
                if fnmatch.fnmatchcase(function_name, pattern):
                    merged.environment.update(settings.get("environment", {}))
                    merged.files.update(settings.get("files", {}))
        return merged


SETTINGS = HostSettings()


def _fits_host(extension: Path) -> bool:
    return f".{extension.name.partition('.')[2]}" in importlib.machinery.EXTENSION_SUFFIXES


def _unpack(code: bytes, task_root: Path, files: dict[str, str]) -> None:
    """Unpack, and take out the packages that were compiled for another machine, so that this Python's own
    are imported.
    """
    with zipfile.ZipFile(io.BytesIO(code)) as package:
        package.extractall(task_root)
    for directory in [path.parent for path in task_root.glob("*/__init__.py")]:
        extensions = [path for path in directory.rglob("*") if path.suffix in {".so", ".pyd"}]
        if extensions and not all(_fits_host(path) for path in extensions):
            shutil.rmtree(directory)
    for name, source in files.items():
        if not (task_root / name).is_file():
            raise FileNotFoundError(f"the function's package has no file {name} to replace with {source}")
        shutil.copyfile(source, task_root / name)


def _environment(function: Any, task_root: Path, overrides: Overrides) -> dict[str, str]:
    """Lambda's own variables, the function's, then this machine's; nothing of the emulator's environment
    but the path.
    """
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "TZ": ":UTC",
        **client_environment(SETTINGS.endpoint_url, function.region),
        "_HANDLER": function.handler,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.run_time}",
        "AWS_LAMBDA_FUNCTION_NAME": function.function_name,
        "AWS_LAMBDA_FUNCTION_VERSION": str(function.version),
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
        "AWS_LAMBDA_LOG_GROUP_NAME": function.logs_group_name,
        "LAMBDA_TASK_ROOT": str(task_root),
        **{key: str(value) for key, value in function.environment_vars.items()},
        **overrides.environment,
    }


def _error(kind: str, message: str) -> str:
    return json.dumps({"errorMessage": message, "errorType": kind})


def _call(function: Any, event: Any, request_id: str, log_stream: str) -> FunctionResult:
    overrides = SETTINGS.overrides(function.function_name)
    with tempfile.TemporaryDirectory(dir=SETTINGS.directory) as directory:
        task_root, outcome_file = Path(directory, "task"), Path(directory, "outcome.json")
        _unpack(function.code_bytes, task_root, overrides.files)
        call = {
            "handler": function.handler,
            "event": event,
            "task_root": str(task_root),
            "outcome": str(outcome_file),
            "context": {
                "function_name": function.function_name,
                "function_version": str(function.version),
                "function_arn": function.function_arn,
                "memory_size": str(function.memory_size),
                "request_id": request_id,
                "log_group_name": function.logs_group_name,
                "log_stream_name": log_stream,
                "timeout": int(function.timeout),
            },
        }
        environment = _environment(function, task_root, overrides)
        with Path(directory, "log").open("w+b") as log, released():
            process = subprocess.Popen(
                [sys.executable, "-B", str(_HOST)],
                cwd=task_root,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
            assert process.stdin
            timed_out = False
            with process.stdin as pipe:
                try:
                    pipe.write(json.dumps(call).encode() + b"\n")
                    pipe.flush()
                    process.wait(timeout=int(function.timeout))
                except subprocess.TimeoutExpired:
                    timed_out = True
                finally:
                    process.kill()
                    process.wait()
            log.seek(0)
            text = log.read().decode(errors="replace")
        if process.returncode == 0 and outcome_file.exists():
            return FunctionResult(log=text, **{"failed": False, **json.loads(outcome_file.read_text())})
    if timed_out:
        message = f"{request_id} Task timed out after {int(function.timeout):.2f} seconds"
        return FunctionResult(_error("Sandbox.Timedout", f"RequestId: {message}"), True, f"{text}{message}\n")
    message = f"RequestId: {request_id} Error: Runtime exited with error: exit status {process.returncode}"
    return FunctionResult(_error("Runtime.ExitError", message), True, f"{text}{message}\n")


def run(function: Any, event: Any) -> FunctionResult:
    """Call a function with the state's lock held; what it printed goes to its log group, as on AWS."""
    started = time.monotonic()
    request_id = str(uuid.uuid4())
    log_stream = f"{utcnow():%Y/%m/%d}/[{function.version}]{uuid.uuid4().hex}"
    if function.package_type != "Zip" or not str(function.run_time).startswith("python"):
        outcome = FunctionResult(
            _error("Runtime.Unsupported", "the embedded AWS runs Python functions from zip files only"),
            True,
            "",
        )
    else:
        try:
            outcome = _call(function, event, request_id, log_stream)
        except (OSError, ValueError, zipfile.BadZipFile) as error:
            outcome = FunctionResult(
                _error("Runtime.StartError", f"the embedded AWS cannot start the function: {error}"), True, ""
            )
    lines = [
        f"START RequestId: {request_id} Version: {function.version}",
        *outcome.log.splitlines(),
        f"END RequestId: {request_id}",
        f"REPORT RequestId: {request_id}\tDuration: {(time.monotonic() - started) * 1000:.2f} ms",
    ]
    logs = function.logs_backend
    logs.ensure_log_group(function.logs_group_name)
    logs.create_log_stream(function.logs_group_name, log_stream)
    events = [{"timestamp": unix_time_millis(), "message": line} for line in lines]
    logs.put_log_events(function.logs_group_name, log_stream, events)
    return outcome
