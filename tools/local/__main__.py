"""`python -m tools.local up|down --env NAME`: what `make local` and `make local-stop` call."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Sequence

from settings import SettingsError, load
from tools.deploy import terraform
from tools.local import running
from tools.local.emulator.process import EmulatorError
from tools.local.platform import Platform
from tools.synthesized.errors import DeployError


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when done, 1 when a phase failed, 2 when the call or a settings file is at fault, 130 after Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m tools.local", description=__doc__)
    parser.add_argument("verb", choices=["up", "down"])
    parser.add_argument("--env", required=True, metavar="NAME")
    parser.add_argument("--keep", action="store_true", help="leave everything running")
    options = parser.parse_args(arguments)
    # A terminated run cleans up like an interrupted one: no process and no lock stays.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        environment = load(options.env)
        if options.verb == "down":
            running.stop(environment.name)
        else:
            terraform.check_machine(os.environ)
            running.refuse_second(environment.name)
            Platform(environment, keep=options.keep).run()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except (DeployError, EmulatorError) as error:
        print(error, file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(f"{error}\n{error.stdout}{error.stderr}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted; the embedded AWS and everything it held are gone.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
