"""`python -m tools.pages.evidence`: renews `docs/pci-dss.md` and `docs/licences.md`."""

from __future__ import annotations

import sys

from tools.pages import licences, pci
from tools.synthesized.errors import exit_code
from tools.synthesized.paths import ROOT
from tools.synthesized.platform import read_all


def main() -> int:
    """Write both from cdktf.out and the locks."""
    return exit_code(_write)


def _write() -> None:
    evidence = pci.page(read_all())
    (ROOT / "docs" / "pci-dss.md").write_text(evidence, encoding="utf-8")
    (ROOT / "docs" / "licences.md").write_text(licences.page(ROOT), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
