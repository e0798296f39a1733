"""What every test needs: all environments, synthesized once."""

from __future__ import annotations

from pathlib import Path

import pytest

from modules.common import provider_imports  # noqa: F401  (before any test imports cdktf)


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
