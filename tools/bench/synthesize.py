"""What `main.py` does, on any folder of settings files, in a process whose peaks of memory are printed at its end."""

from __future__ import annotations

import atexit
import json
import resource
import sys
from pathlib import Path

_PER_MIB = 1024 * 1024 if sys.platform == "darwin" else 1024


def _print_peaks() -> None:
    own, children = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(json.dumps({"python_mib": own // _PER_MIB, "node_mib": children // _PER_MIB}))


if __name__ == "__main__":
    # The first to be registered is the last to be called: jsii has ended Node.js by then.
    atexit.register(_print_peaks)
    from main import build_app  # noqa: TID251  (this measures the top of the program)
    from settings import environment_names, load
    from settings.loader import DIRECTORY

    settings = Path(sys.argv[2]) if len(sys.argv) > 2 else DIRECTORY
    build_app([load(name, directory=settings) for name in environment_names(settings)], Path(sys.argv[1])).synth()
