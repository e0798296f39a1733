"""What every test needs: synthesis without the banner about Node.js, and all environments synthesized once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from modules.common import provider_imports  # noqa: F401  (before any test imports cdktf)

os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "20")


@pytest.fixture(scope="session")
def app_outdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All shipped environments and `globecart-full`, synthesized by the real App.

    Read it with `synthesized.read_stack`, and its settings with `all_environments.load`.
    """
    from all_environments import environment_names, load

    from main import build_app

    outdir = tmp_path_factory.mktemp("cdktf.out")
    build_app([load(name) for name in environment_names()], outdir).synth()
    return outdir
