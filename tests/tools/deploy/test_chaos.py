"""Commands killed at random moments end as docs/deploy.md says: nothing to do, nothing orphaned, nothing lost.

`make chaos` runs it with its own numbers, and writes the table of docs/recovery.md.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.tools.deploy.chaos import Chaos
from tests.tools.deploy.walked import walked
from tools.pages.markdown import with_parts

pytestmark = [pytest.mark.emulator, pytest.mark.long, pytest.mark.timeout(0)]

SEED, COUNT = os.environ.get("SEED") or "1", int(os.environ.get("COUNT") or 2)
MINUTES_FOR_ONE = 6
PAGE = Path(__file__).parents[3] / "docs" / "recovery.md"


def test_every_kill_is_ended_by_the_documented_way(tmp_path: Path) -> None:
    with walked(tmp_path, data_alone=True) as platform:
        chaos = Chaos(platform, seed=SEED, count=COUNT, seconds=60 * (10 + MINUTES_FOR_ONE * COUNT))
        try:
            chaos.run()
        finally:
            print(f"\n{chaos.table}")
    assert chaos.failed == 0, chaos.table
    if os.environ.get("COUNT"):  # `make chaos`
        PAGE.write_text(with_parts(PAGE.read_text(encoding="utf-8"), {"chaos": chaos.table}), encoding="utf-8")
