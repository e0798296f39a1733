"""The pages that are made from settings are those that the settings make."""

from __future__ import annotations

import pytest

from tools.pages import settings
from tools.synthesized.paths import ROOT

_RENEW = "renew it: make docs"


def test_the_page_of_settings_is_fresh() -> None:
    assert (ROOT / "docs" / "settings.md").read_text(encoding="utf-8") == settings.settings_page(), _RENEW


def test_the_table_of_environments_is_fresh() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    assert settings.readme_with_table(readme) == readme, _RENEW


def test_every_setting_says_what_is_allowed() -> None:
    silent = [line for line in settings.settings_page().splitlines() if line.startswith("| `") and "` |  |" in line]

    assert not silent


def test_a_readme_without_the_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="environments -->"):
        settings.readme_with_table("# nothing")
