"""Speeds up imports of AWS resources: Python and Node.js load only the classes in use.

The provider package's `__init__` imports about 2,200 modules (9 s, 525 MiB). This module registers an empty parent
module before the first import, so Python finds submodules by path without running that `__init__`. In the same way the
package's `index.js` requires about 1,500 files (4 s). A script that is preloaded into jsii's Node.js process delays
each of them until its class is used. The bindings and the synthesized JSON are the same (`tests/app` compares the JSON,
`make bench WHAT=stock` the time). If either package has an unexpected layout, everything is loaded in the usual way.

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
    """Register the empty parent module and the preloaded script, unless the package is already imported.

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
