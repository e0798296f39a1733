"""The platforms as they are synthesized, read once."""

from __future__ import annotations

from pathlib import Path

import pytest
from all_environments import environment_names, load

from tools.synthesized.platform import Platform, read_all


@pytest.fixture(scope="session")
def platforms(app_outdir: Path) -> list[Platform]:
    return read_all(app_outdir, map(load, environment_names()))


@pytest.fixture(scope="session")
def production(platforms: list[Platform]) -> Platform:
    return next(platform for platform in platforms if platform.name == "globecart-prod")
