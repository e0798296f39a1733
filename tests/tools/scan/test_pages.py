"""The generated pages are those of the checks, the JSON and the locks."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from tools.pages import __main__ as command
from tools.pages import licences, pci
from tools.pages.pci_checks import CHECKS
from tools.synthesized.errors import ToolError
from tools.synthesized.platform import Platform

ROOT = Path(__file__).parents[3]


def test_the_resources_by_name_are_printed_on_demand(
    platforms: list[Platform], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "read_all", lambda: platforms)
    monkeypatch.setattr(command, "ROOT", None)  # nothing is written

    assert command.main(["resources"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert {line.split()[0] for line in lines} == {
        type_ for check in CHECKS for type_ in check.types if any(platform.by_type.get(type_) for platform in platforms)
    }
    assert "aws_rds_cluster iot-prod-data/database/cluster" in lines
    page = "\n".join(pci.tables(platforms).values())
    assert not [line for line in lines if line in page]


@pytest.mark.parametrize("lock", ["Pipfile.lock", "tools/scan/Pipfile.lock"])
def test_every_locked_package_is_listed_with_its_licence(lock: str) -> None:
    rows = [line.split("|") for line in (ROOT / "docs" / "licences.md").read_text(encoding="utf-8").splitlines()]
    listed = {(canonicalize_name(row[1].strip()), row[2].strip()) for row in rows if len(row) == 5 and row[3].strip()}

    locked = {(canonicalize_name(name), version) for name, version in licences.locked(ROOT / lock).items()}
    assert len(locked) > 90
    assert not locked - listed, "run: make setup setup-scan docs"


def test_licences_of_scanners_that_are_not_installed_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "rotation_lambda").mkdir()
    (tmp_path / "rotation_lambda" / "requirements.txt").touch()

    with pytest.raises(ToolError, match="make setup-scan"):
        licences.tables(tmp_path)
