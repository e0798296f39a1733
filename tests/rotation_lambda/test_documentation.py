"""docs/rotation.md says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from rotation import errors
from rotation.errors import RotationError
from rotation.report import DIMENSION, METRIC, NAMESPACE

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "rotation.md").read_text()


def _classes() -> dict[str, type[RotationError]]:
    found = {name: kind for name, kind in vars(errors).items() if isinstance(kind, type)}
    return {name: kind for name, kind in found.items() if issubclass(kind, RotationError)}


def test_documented_errors_are_the_errors_of_the_code() -> None:
    rows = re.findall(r"(?m)^\| `(\w+)` \| (.+?) \| (yes|no) \| (.+) \|$", TEXT)
    expected = [
        (
            name,
            " ".join((kind.__doc__ or "").split()).rstrip("."),
            "yes" if kind.retryable else "no",
            kind.action,
        )
        for name, kind in _classes().items()
        if kind is not RotationError
    ]
    assert rows == expected
    assert all(kind.action for kind in _classes().values() if kind is not RotationError)


def test_documented_settings_are_none() -> None:
    """The function takes none: neither the code reads the environment, nor does the page name a variable."""
    assert re.findall(r"`([A-Z]+(?:_[A-Z]+)+)`", TEXT) == []
    sources = (Path(errors.__file__).parent).glob("*.py")
    assert not [file.name for file in sources if "environ" in file.read_text()]


def test_documented_metric_is_the_metric_of_the_code() -> None:
    assert f"metric `{METRIC}` in the namespace `{NAMESPACE}`" in TEXT
    assert f"`{DIMENSION}`" in TEXT
