"""Makes imports of AWS resources quick: only what is asked for is loaded, in Python and in Node.js.

The provider package's `__init__` imports some 2,200 modules (9 s, 525 MiB) whichever one is wanted. A bare parent
module, registered before the first import, lets Python find submodules by path without running that `__init__`.
Likewise its JavaScript's `index.js` requires some 1,500 files (4 s): a script preloaded into the Node.js process of
jsii makes each of them wait until its class is used. Bindings and synthesized JSON are the same (`tests/app`
compares the JSON, `make bench WHAT=stock` the time), and where either is not found as expected, everything is loaded
as ever.

Therefore: `from cdktf_cdktf_provider_aws.vpc import Vpc`, never `from cdktf_cdktf_provider_aws import vpc`; and the
program imports `modules` before `cdktf`, whose import starts Node.js.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path

_PACKAGE = "cdktf_cdktf_provider_aws"
# Major versions about whose end of life jsii is silent: `checkNode` of the npm package @jsii/check-node.
_SILENCED = ("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "20")
_PRELOADED = Path(__file__).with_name("provider_loading.cjs")


def shorten() -> None:
    """Register the bare parent module and the preloaded script, unless the package is imported already.

    The Node.js that is started later prints no banner about its own end of life.

    Raises ModuleNotFoundError when the package is not installed.
    """
    os.environ.setdefault(*_SILENCED)
    if _PACKAGE in sys.modules:
        return
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None:
        raise ModuleNotFoundError(f"{_PACKAGE} is not installed; run: make setup", name=_PACKAGE)
    sys.modules[_PACKAGE] = importlib.util.module_from_spec(spec)
    # Node.js reads the quotes and escapes of JSON, which a folder with a space in its name needs.
    preload = f"--require={json.dumps(str(_PRELOADED))}"
    options = os.environ.get("NODE_OPTIONS", "")
    if preload not in options:
        os.environ["NODE_OPTIONS"] = f"{options} {preload}".lstrip()
