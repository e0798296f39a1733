"""Makes imports of AWS resources quick: only the submodules that are asked for are loaded.

The provider package's `__init__` imports some 2,200 modules (9 s, 525 MiB) whichever one is wanted. A bare parent
module, registered before the first import, lets Python find submodules by path without running that `__init__`; the
bindings and the synthesized JSON are the same (`make bench` measures it, `tests/app` compares the JSON).

Therefore: `from cdktf_cdktf_provider_aws.vpc import Vpc`, never `from cdktf_cdktf_provider_aws import vpc`.
"""

from __future__ import annotations

import importlib.util
import sys

_PACKAGE = "cdktf_cdktf_provider_aws"


def shorten() -> None:
    """Register the bare parent module, unless the package is imported already.

    Raises ModuleNotFoundError when the package is not installed.
    """
    if _PACKAGE in sys.modules:
        return
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None:
        raise ModuleNotFoundError(f"{_PACKAGE} is not installed; run: make setup", name=_PACKAGE)
    sys.modules[_PACKAGE] = importlib.util.module_from_spec(spec)
