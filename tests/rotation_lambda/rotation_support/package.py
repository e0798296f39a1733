"""The build scripts of `rotation_lambda/`, which are no package."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

PROJECT = Path(__file__).resolve().parents[3]
LAMBDA = PROJECT / "rotation_lambda"


def _load(name: str) -> ModuleType:
    specification = importlib.util.spec_from_file_location(f"rotation_lambda_{name}", LAMBDA / f"{name}.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[specification.name] = module
    specification.loader.exec_module(module)
    return module


build: Any = _load("build")
extract: Any = _load("extract_authorities")
