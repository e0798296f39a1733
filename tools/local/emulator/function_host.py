"""Runs one Lambda function in a process of its own; started by path, so it imports nothing of this project.

Standard input stays open as long as the emulator: when it closes, this process ends too. Standard output and standard
error are the function's log. The call is read from a file and the outcome goes to one, so that the function may print
whatever it likes.
"""

import importlib
import json
import os
import sys
import threading
import time
import traceback
from pathlib import Path
from types import SimpleNamespace
from typing import Any


def _end_with_emulator() -> None:
    sys.stdin.buffer.read()
    os._exit(1)


def _outcome(call: dict[str, Any]) -> dict[str, Any]:
    deadline = time.monotonic() + call["timeout"]
    context = SimpleNamespace(
        **call["context"],
        get_remaining_time_in_millis=lambda: max(0, int((deadline - time.monotonic()) * 1000)),
    )
    try:
        module_name, _, function_name = call["handler"].rpartition(".")
        handler = getattr(importlib.import_module(module_name.replace("/", ".")), function_name)
        return {"payload": json.dumps(handler(call["event"], context))}
    except BaseException as error:  # a SystemExit is a failed call too
        frames = error.__traceback__.tb_next if error.__traceback__ else None  # without this module's own
        traceback.print_exception(error.with_traceback(frames))
        failure = {
            "errorMessage": str(error),
            "errorType": type(error).__name__,
            "requestId": context.aws_request_id,
            "stackTrace": traceback.format_tb(frames),
        }
        return {"payload": json.dumps(failure), "failed": True}


if __name__ == "__main__":
    threading.Thread(target=_end_with_emulator, daemon=True).start()
    sys.path[0] = os.environ["LAMBDA_TASK_ROOT"]
    made = _outcome(json.loads(Path(sys.argv[1]).read_text()))
    Path(sys.argv[2]).write_text(json.dumps(made))
    sys.stdout.flush()
    os._exit(0)  # threads that the function left behind do not keep a Lambda call open
