"""Environment files in, Terraform JSON out: `python main.py --help`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from environments import Environment, Fault, SettingsError, environment_names, load

if TYPE_CHECKING:
    from cdktf import App


def build_app(environments: Sequence[Environment], outdir: Path | None = None) -> App:
    """The CDKTF app of the given environments; `outdir` defaults to what the cdktf CLI asks for (`cdktf.out`).

    Raises PackageError when the zip of the rotation function cannot be built.
    """
    # Imported here because it starts Node.js, which a fault in a file should not have to wait for.
    from modules import provider_imports

    provider_imports.shorten()  # before cdktf, whose import starts Node.js
    from cdktf import App

    from stacks.packages import build_packages
    from stacks.platform import add_environment

    packages = build_packages(environment.rotation.architecture for environment in environments)
    app = App(outdir=None if outdir is None else str(outdir))
    for environment in environments:
        add_environment(app, environment, package=packages[environment.rotation.architecture])
    return app


def main(arguments: Sequence[str] | None = None) -> int:
    """Synthesize; 0 when done, 2 when a settings file or the zip is at fault, and then nothing has been written."""
    parser = argparse.ArgumentParser(prog="main.py", description="Synthesize Terraform JSON into cdktf.out.")
    parser.add_argument("--env", metavar="NAME", help="one environment; without it all of them")
    parser.add_argument("--suffix", metavar="TEXT", help="make a short-lived copy of --env, e.g. pr-12")
    parser.add_argument("--unprotected", action="store_true", help="lift the protection of --env (make unprotect)")
    options = parser.parse_args(arguments)
    if options.env is None and (options.suffix is not None or options.unprotected):
        parser.error("--suffix and --unprotected need --env")
    faults: list[Fault] = []
    environments: list[Environment] = []
    for name in environment_names() if options.env is None else (options.env,):
        try:
            environments.append(load(name, suffix=options.suffix, unprotected=options.unprotected))
        except SettingsError as error:
            faults += error.faults
    if faults:
        print(*faults, sep="\n", file=sys.stderr)
        return 2
    from stacks.packages import PackageError

    try:
        build_app(environments).synth()
    except PackageError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
