"""What follows the clusters of the embedded AWS ends with the program that began it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tools.synthesized.paths import ROOT

_FOLLOW = """
import sys
from pathlib import Path
from tools.local import database
database.pages = lambda *_, **__: iter(())
followed = database.EmbeddedDatabase(Path(sys.argv[1]), "rotation")
followed.watch("cluster", None, None)
getattr(followed, sys.argv[2])()
"""


@pytest.mark.parametrize("end", ["leave", "stop"])
def test_a_program_that_has_followed_ends(end: str, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", _FOLLOW, str(tmp_path), end], cwd=ROOT, timeout=60, check=True)
