"""Environment files in, Terraform JSON out: `python main.py --help`."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from settings import Environment, Fault, SettingsError, environment_names, load, machine

if TYPE_CHECKING:
    from cdktf import App


def build_app(environments: Sequence[Environment], outdir: Path | None = None) -> App:
    """The CDKTF app of the given environments; `outdir` defaults to what the cdktf CLI asks for (`cdktf.out`).

    Raises PackageError when the zip of the rotation function cannot be built.
    """
    # Imported here because it starts Node.js, which takes time; errors in files are reported first.
    from modules.common import provider_imports

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
    """Synthesize; 0 when done, 1 when this machine is at fault, 2 when a settings file or the zip is.

    Each fault is one line, and then nothing has been written.
    """
    parser = argparse.ArgumentParser(prog="main.py", description="Synthesize Terraform JSON into cdktf.out.")
    parser.add_argument("--env", metavar="NAME", help="one environment; without it all of them")
    parser.add_argument("--suffix", metavar="TEXT", help="make an ephemeral environment from --env, e.g. pr-12")
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
    fault = machine.node_fault(os.environ) or machine.cache_fault(os.environ) or _output_fault()
    if fault:
        print(fault, file=sys.stderr)
        return 1
    from jsii.errors import JSIIError

    try:
        from stacks.packages import PackageError

        build_app(environments).synth()
    except (JSIIError, OSError, RuntimeError) as error:
        # Node.js includes the operating system's error: "ENOSPC: no space left on device, write".
        if type(error) is RuntimeError and not re.search(r"\bE[A-Z0-9]{2,}: ", str(error)):
            raise
        print(f"the synthesis failed: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    except PackageError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _output_fault() -> str | None:
    """Why the stacks cannot be written, in one line."""
    outdir = Path(os.environ.get("CDKTF_OUTDIR", "cdktf.out"))
    for folder in (outdir, outdir / "stacks", *(outdir / "stacks").glob("*")):
        if fault := machine.unwritable(folder):
            return f"the output of the synthesis: {fault}"
    return None


if __name__ == "__main__":
    sys.exit(main())
