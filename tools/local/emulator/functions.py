"""Runs the Lambda functions that were uploaded to the emulator, each call in a process of this machine's
Python.
"""

import importlib.machinery
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moto.core.utils import unix_time_millis, utcnow

from tools.local.emulator.environment import client_environment
from tools.local.emulator.state import released


@dataclass(frozen=True)
class FunctionResult:
    payload: str
    log: str = ""
    failed: bool = False


@dataclass
class Host:
    """What the functions are given by this machine; the server says it before the first call."""

    endpoint_url: str = ""
    directory: Path = Path()
    overrides_file: Path | None = None


HOST = Host()
# For what a function needs of this machine: a PostgreSQL starts in seconds, on a busy machine in many.
_WAIT_SECONDS = 90.0


def settings() -> dict[str, Any]:
    """What this machine says: for functions by their names, and for the Data API."""
    return dict(json.loads(HOST.overrides_file.read_text())) if HOST.overrides_file else {}


def _overrides(function: Any, kind: str) -> dict[str, str]:
    """What this machine changes in a function: further variables ("environment"), and files of the unpacked package, by
    their path in it, that are replaced ("files"). Read anew for every call, since PostgreSQL's address may be known
    only after the emulator was started.
    """
    overrides: dict[str, str] = settings().get(function.function_name, {}).get(kind, {})
    return overrides


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


def _environment(function: Any, task_root: Path) -> dict[str, str]:
    """Lambda's own variables, the function's, then this machine's; nothing of the emulator's environment
    but the path.
    """
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "TZ": ":UTC",
        **client_environment(HOST.endpoint_url, function.region),
        "AWS_ACCESS_KEY_ID": function.role.rpartition("/")[2],
        "_HANDLER": function.handler,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.run_time}",
        "AWS_LAMBDA_FUNCTION_NAME": function.function_name,
        "AWS_LAMBDA_FUNCTION_VERSION": str(function.version),
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
        "AWS_LAMBDA_LOG_GROUP_NAME": function.logs_group_name,
        "LAMBDA_TASK_ROOT": str(task_root),
        **{key: str(value) for key, value in function.environment_vars.items()},
        **_overrides(function, "environment"),
    }


def _failure(kind: str, message: str, log: str = "") -> FunctionResult:
    return FunctionResult(json.dumps({"errorMessage": message, "errorType": kind}), log, failed=True)


def _call(function: Any, event: Any, request_id: str, log_stream: str) -> FunctionResult:
    timeout = int(function.timeout)
    context = {
        "function_name": function.function_name,
        "function_version": str(function.version),
        "invoked_function_arn": function.function_arn,
        "memory_limit_in_mb": str(function.memory_size),
        "aws_request_id": request_id,
        "log_group_name": function.logs_group_name,
        "log_stream_name": log_stream,
    }
    with tempfile.TemporaryDirectory(dir=HOST.directory) as directory:
        task_root, call, outcome, log = (Path(directory, name) for name in ("task", "call", "outcome", "log"))
        _unpack(function.code_bytes, task_root, _overrides(function, "files"))
        call.write_text(
            json.dumps({"handler": function.handler, "event": event, "timeout": timeout, "context": context})
        )
        host = Path(__file__).with_name("function_host.py")
        read, write = os.pipe()  # closed by whatever ends the emulator
        try:
            with log.open("wb") as output, released():
                done = subprocess.run(
                    [sys.executable, "-B", host, call, outcome],
                    cwd=task_root,
                    env=_environment(function, task_root),
                    stdin=read,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    timeout=timeout,
                    check=False,
                )
            kind, end = "Runtime.ExitError", f" Error: Runtime exited with error: exit status {done.returncode}"
        except subprocess.TimeoutExpired:
            kind, end = "Sandbox.Timedout", f" {request_id} Task timed out after {timeout:.2f} seconds"
        finally:
            os.close(read)
            os.close(write)
        text = log.read_text(errors="replace")
        if outcome.is_file():
            return FunctionResult(log=text, **json.loads(outcome.read_text()))
    return _failure(kind, f"RequestId: {request_id}{end}", f"{text}RequestId: {request_id}{end}\n")


def run(function: Any, event: Any) -> FunctionResult:
    """Call a function with the state's lock held; what it printed goes to its log group, as on AWS."""
    request_id = str(uuid.uuid4())
    log_stream = f"{utcnow():%Y/%m/%d}/[{function.version}]{uuid.uuid4().hex}"
    if function.package_type != "Zip" or not str(function.run_time).startswith("python"):
        result = _failure("Runtime.Unsupported", "the embedded AWS runs Python functions from zip files only")
    else:
        try:
            result = _call(function, event, request_id, log_stream)
        except (OSError, ValueError, zipfile.BadZipFile) as error:
            result = _failure("Runtime.StartError", f"the embedded AWS cannot start the function: {error}")
    logs = function.logs_backend
    logs.ensure_log_group(function.logs_group_name)
    logs.create_log_stream(function.logs_group_name, log_stream)
    events = [{"timestamp": unix_time_millis(), "message": line} for line in result.log.splitlines()]
    logs.put_log_events(function.logs_group_name, log_stream, events)
    return result
