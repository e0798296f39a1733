"""`python -m tools.pages.evidence`: renews `docs/pci-dss.md` and `docs/licences.md`."""

from __future__ import annotations

import sys

from settings.loader import DIRECTORY
from tools.pages import licences, pci
from tools.scan.reading import InputError, read

ROOT = DIRECTORY.parent


def main() -> int:
    """Write both from cdktf.out and the locks."""
    try:
        evidence = pci.page(read(ROOT / "cdktf.out"))
    except (InputError, ValueError) as error:
        print(f"docs/pci-dss.md: {error}", file=sys.stderr)
        return 2
    (ROOT / "docs" / "pci-dss.md").write_text(evidence, encoding="utf-8")
    (ROOT / "docs" / "licences.md").write_text(licences.page(ROOT), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
