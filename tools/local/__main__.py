"""`python -m tools.local up|down --env NAME`: what `make local` and `make local-stop` call."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence

from settings import load
from tools.deploy import terraform
from tools.local import running
from tools.local.platform import LocalPlatform
from tools.synthesized.errors import exit_code


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when done, 1 when a phase failed, 2 when the call or a settings file is at fault, 130 after Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m tools.local", description=__doc__)
    parser.add_argument("verb", choices=["up", "down"])
    parser.add_argument("--env", required=True, metavar="NAME")
    parser.add_argument("--keep", action="store_true", help="leave everything running")
    options = parser.parse_args(arguments)
    # A terminated run cleans up like an interrupted one: no process and no lock stays.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    return exit_code(
        lambda: _perform(options), interrupted="Interrupted; the embedded AWS and everything it held are gone"
    )


def _perform(options: argparse.Namespace) -> None:
    environment = load(options.env)
    if options.verb == "down":
        running.stop(environment.name)
    else:
        terraform.check_machine(os.environ)
        running.refuse_second(environment.name)
        LocalPlatform(environment, keep=options.keep).run()


if __name__ == "__main__":
    sys.exit(main())
