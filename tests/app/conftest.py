"""All environments synthesized by two processes that have as little as possible in common."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from project_copy import copy_project
from synthesis_runs import Run, synthesize


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option of `make addresses`; it exists when pytest is told to run tests/app."""
    parser.addoption("--update-addresses", action="store_true", help="write tests/app/addresses from the synthesis")


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Run]:
    """Two runs: from the project and from elsewhere, by other clocks, homes, masks and hash seeds.

    The project is a copy with `globecart-full` among its environments.
    """
    project = copy_project(tmp_path_factory.mktemp("project") / "copy")
    first, second = tmp_path_factory.mktemp("first"), tmp_path_factory.mktemp("second-and-longer")
    elsewhere = second / "elsewhere"
    elsewhere.mkdir()
    # Node.js packages are unpacked once per home, so the other home borrows the cache.
    cache = os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))
    with ThreadPoolExecutor(2) as pool:
        here = pool.submit(
            synthesize, project, first / "out", project, 0o022, TZ="UTC", PYTHONHASHSEED="1", LC_ALL="C.UTF-8"
        )
        there = pool.submit(
            synthesize, project, second / "out", elsewhere, 0o077,
            TZ="Pacific/Kiritimati", PYTHONHASHSEED="2", LC_ALL="C",
            HOME=str(second), XDG_CACHE_HOME=cache, USER="somebody",
        )  # fmt: skip
        return here.result(), there.result()
