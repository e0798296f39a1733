"""Every generated page is that of the settings, the JSON, the checks and the locks; and the command that makes them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.pages import __main__ as command
from tools.pages import settings
from tools.pages.markdown import PageError, with_parts
from tools.synthesized import platform
from tools.synthesized.paths import ROOT

_ABOUT_ONE = ("diagram", "critical-path")


@pytest.fixture(scope="module")
def pages(app_outdir: Path) -> dict[str, str]:
    return command.docs(app_outdir)


@pytest.mark.parametrize(
    "page",
    [
        "README.md",
        "docs/alarms.md",
        "docs/architecture.md",
        "docs/diagrams.md",
        "docs/licences.md",
        "docs/pci-dss.md",
        "docs/settings.md",
    ],
)
def test_the_committed_page_is_fresh(pages: dict[str, str], page: str) -> None:
    assert (ROOT / page).read_text(encoding="utf-8") == pages[page], "renew it: make docs"


def test_every_setting_says_what_is_allowed() -> None:
    assert not [line for line in settings.settings_table().splitlines() if line.startswith("| `") and "` |  |" in line]


@pytest.mark.parametrize("mark", ["environments", "diagram", "1.2.5"])
def test_marks_and_parts_are_the_same(mark: str) -> None:
    marked = f"a\n<!-- {mark} -->\nold\n\n<!-- /{mark} -->\nb"

    assert with_parts(marked, {mark: "new\\1"}) == f"a\n<!-- {mark} -->\nnew\\1\n<!-- /{mark} -->\nb"
    for text, parts in ((marked, {}), ("# nothing", {mark: "new"}), (f"<!-- {mark} -->\nold", {mark: "new"})):
        with pytest.raises(PageError, match=mark):
            with_parts(text, parts)


@pytest.mark.parametrize("verb", _ABOUT_ONE)
def test_without_a_synthesis_it_says_what_to_do(
    verb: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps({"stacks": {}}), encoding="utf-8")
    monkeypatch.setattr(command, "read", lambda environment: platform.read(environment, tmp_path))

    assert command.main([verb, "--env", "iot-dev"]) == 2
    assert "make synth ENV=iot-dev" in capsys.readouterr().err


@pytest.mark.parametrize("verb", [*_ABOUT_ONE, "openapi"])
def test_an_unknown_environment_is_a_fault_of_the_call(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([verb, "--env", "absent"]) == 2
    assert "absent" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["diagram"], ["docs", "--env", "iot-dev"], ["docs", "--suffix", "a"], ["paint"]])
def test_a_call_at_fault(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        command.main(arguments)
    assert "usage" in capsys.readouterr().err


@pytest.mark.parametrize(("verb", "said"), [("diagram", "flowchart TB"), ("critical-path", "Critical path of a first")])
def test_what_is_printed(
    verb: str,
    said: str,
    app_outdir: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    read: Callable[..., platform.Platform] = platform.read
    monkeypatch.setattr(command, "read", lambda environment: read(environment, app_outdir))

    assert command.main([verb, "--env", "iot-dev"]) == 0
    assert said in capsys.readouterr().out
