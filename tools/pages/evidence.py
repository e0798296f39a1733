"""`python -m tools.pages.evidence`: renews `docs/pci-dss.md` and `docs/licences.md`; `--resources` prints instead the
resources by name that the checks of PCI DSS ask about.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from tools.pages import licences, pci
from tools.synthesized.errors import exit_code
from tools.synthesized.paths import ROOT
from tools.synthesized.platform import read_all


def main(arguments: Sequence[str] | None = None) -> int:
    """Both are made from cdktf.out, and from the locks."""
    parser = argparse.ArgumentParser(prog="python -m tools.pages.evidence", description="Renew the pages of evidence.")
    parser.add_argument("--resources", action="store_true", help="print the resources by name, and write nothing")
    options = parser.parse_args(arguments)
    return exit_code(_print if options.resources else _write)


def _print() -> None:
    for line in pci.resources(read_all()):
        print(line)


def _write() -> None:
    pages = {"pci-dss": pci.page(read_all()), "licences": licences.page(ROOT)}
    for name, text in pages.items():
        (ROOT / "docs" / f"{name}.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
