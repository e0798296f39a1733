"""The generated pages are those of the checks, the JSON and the locks."""

from __future__ import annotations

from pathlib import Path

from settings import environment_names
from tools.pages import licences, pci
from tools.synthesized.platform import Platform

ROOT = Path(__file__).parents[3]


def test_the_evidence_for_pci_dss_is_not_stale(platforms: list[Platform]) -> None:
    written = (ROOT / "docs" / "pci-dss.md").read_text(encoding="utf-8")

    shipped = [platform for platform in platforms if platform.name in environment_names()]
    assert pci.page(shipped) == written, "run: make docs"


def test_every_locked_package_is_listed_with_its_licence() -> None:
    written = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8")

    for name, version in licences.python_packages(ROOT).items():
        assert f"| {name} | {version} | " in written, "run: make docs"
    assert "\n".join(licences._node(ROOT)) in written, "run: make docs"
    assert "| psycopg2-binary | " in written
