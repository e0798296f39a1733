"""`main.py` in an environment of its own; where `cdktn` is installed, its modules answer to the names of `cdktf`.

A migration replaces those names in the sources instead (docs/after-cdktf.md). Run as a script, for the environments
hold nothing but the libraries under test and what main.py itself needs.
"""

import importlib
import importlib.util
import runpy
import sys
from pathlib import Path

_SUCCESSORS = {"cdktf": "cdktn", "cdktf_cdktf_provider_aws": "cdktn_provider_aws"}


def _stand_in(name: str, successor: str) -> None:
    spec = importlib.util.find_spec(successor)
    if spec is None:
        return
    if name == "cdktf":
        module = importlib.import_module(successor)
    else:  # bare, as modules.common.provider_imports does it
        module = sys.modules[successor] = importlib.util.module_from_spec(spec)
    sys.modules[name] = module


if __name__ == "__main__":
    root = Path(__file__).resolve().parents[2]
    sys.path[0] = str(root)
    for old, new in _SUCCESSORS.items():
        _stand_in(old, new)
    runpy.run_path(str(root / "main.py"), run_name="__main__")
