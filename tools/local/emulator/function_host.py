"""Runs one Lambda function in a process of its own; started by path, so it imports nothing of this project.

Standard input brings one JSON line with the call and then stays open: when it closes, the emulator has gone,
and so does this process. Standard output and standard error are the function's log. The outcome goes to a
file, so that the function may print whatever it likes.
"""

import importlib
import json
import os
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any


class Context:
    """The parts of Lambda's context object that a function can use here."""

    def __init__(self, facts: dict[str, Any]) -> None:
        self.function_name: str = facts["function_name"]
        self.function_version: str = facts["function_version"]
        self.invoked_function_arn: str = facts["function_arn"]
        self.memory_limit_in_mb: str = facts["memory_size"]
        self.aws_request_id: str = facts["request_id"]
        self.log_group_name: str = facts["log_group_name"]
        self.log_stream_name: str = facts["log_stream_name"]
        self.identity = None
        self.client_context = None
        self._deadline = time.monotonic() + facts["timeout"]

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._deadline - time.monotonic()) * 1000))


def _end_with_emulator() -> None:
    sys.stdin.buffer.read()
    os._exit(1)


def _outcome(call: dict[str, Any]) -> dict[str, Any]:
    try:
        module_name, _, function_name = call["handler"].rpartition(".")
        handler = getattr(importlib.import_module(module_name.replace("/", ".")), function_name)
        return {"payload": json.dumps(handler(call["event"], Context(call["context"])))}
    except BaseException as error:  # a SystemExit is a failed call too
        frames = error.__traceback__.tb_next if error.__traceback__ else None  # without this module's own
        traceback.print_exception(error.with_traceback(frames))
        failure = {
            "errorMessage": str(error),
            "errorType": type(error).__name__,
            "requestId": call["context"]["request_id"],
            "stackTrace": traceback.format_tb(frames),
        }
        return {"payload": json.dumps(failure), "failed": True}


def main() -> None:
    call = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_emulator, daemon=True).start()
    sys.path[0] = call["task_root"]
    Path(call["outcome"]).write_text(json.dumps(_outcome(call)))
    sys.stdout.flush()
    os._exit(0)  # threads that the function left behind do not keep a Lambda call open


if __name__ == "__main__":
    main()
