"""The errors that a person sees: printed as they are, without a traceback, each with the exit code of its command."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

from settings import SettingsError

INTERRUPTED = 130  # as a shell counts Ctrl-C: 128 and the number of the signal


class ToolError(Exception):
    """The root of all errors of the tools. The message is one line, or what a failed program printed."""

    exit_code = 1


class DeployError(ToolError):
    """A command cannot do what it was asked to; the message says why."""


class SynthesisError(ToolError):
    """`cdktf.out` is missing, incomplete or broken; the message is one line and says what to do."""

    exit_code = 2


def exit_code(
    work: Callable[[], int | None], *, interrupted: str = "Interrupted; all started processes have ended"
) -> int:
    """Run a command: what `work` returns (None is 0), or the exit code of the error that it printed."""
    try:
        return work() or 0
    except (SettingsError, ToolError) as error:
        print(error, file=sys.stderr)
        return error.exit_code if isinstance(error, ToolError) else 2
    except subprocess.CalledProcessError as error:
        print(f"{error}\n{error.stdout}{error.stderr}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"{interrupted}.", file=sys.stderr)
        return INTERRUPTED
