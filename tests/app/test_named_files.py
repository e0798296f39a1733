"""README.md, CONTRIBUTING.md and docs/ name no file of the repository, and link to no heading, that is not there."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(["README.md", "CONTRIBUTING.md", *(str(p.relative_to(ROOT)) for p in (ROOT / "docs").rglob("*.md"))])
_ENDINGS = (".py", ".md", ".toml", ".json", ".yml", ".txt", ".csv", ".svg", ".html", "Pipfile.lock")
# Made by commands, and not committed.
_MADE = (".local/", ".venv/", "build/", "cdktf.out/", "node_modules/", "manifest.json", "cdk.tf.json", ".terraform")


@pytest.fixture(scope="module")
def files() -> list[str]:
    """All files and folders of the repository, new ones too; a folder ends with a slash."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    found = [name for name in listed if (ROOT / name).exists()]
    return [*found, *{f"{folder}/" for name in found for folder in PurePosixPath(name).parents}]


def missing(page: str, text: str, files: list[str]) -> Iterator[str]:
    """The paths in backquotes and links that are none."""
    prose = re.sub(r"^(`{3,}).*?^\1", "", text, flags=re.MULTILINE | re.DOTALL)
    tops = {name.partition("/")[0] for name in files}
    for name in " ".join(re.findall(r"`([^`]+)`", prose)).split():
        path, _, function = name.partition("::")
        pattern = re.sub(r"<[\w-]+>|\.\.\.", "*", path)
        if path.startswith(_MADE) or not (path.endswith(_ENDINGS) or ("/" in path and path.partition("/")[0] in tops)):
            continue
        # A file may be named without its first folders, and a folder without its slash.
        found = [each for each in files if fnmatchcase(f"/{each}".rstrip("/"), f"*/{pattern.rstrip('/')}")]
        if not found or (function and f"def {function}(" not in (ROOT / found[0]).read_text(encoding="utf-8")):
            yield name
    for link in re.findall(r"\]\(([^)\s]+)\)", prose):
        path, _, anchor = link.partition("#")
        target = (ROOT / page).parent / path if path else ROOT / page
        if "://" not in link and (not target.exists() or (anchor and anchor not in _anchors(target))):
            yield link


def _anchors(page: Path) -> set[str]:
    """How GitHub names the headings of a page in links."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_a_page_names_is_there(page: str, files: list[str]) -> None:
    assert list(missing(page, (ROOT / page).read_text(encoding="utf-8"), files)) == []


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("`tools/change/absent.py`", ["tools/change/absent.py"]),
        ("`settings/<absent>/x.py`", ["settings/<absent>/x.py"]),
        ("`tools/absent`", ["tools/absent"]),
        ("`absent.py`", ["absent.py"]),
        ("[link](absent.md#part)", ["absent.md#part"]),
        ("[link](docs/review.md#absent), [link](docs/review.md#exit-codes)", ["docs/review.md#absent"]),
        ("`tests/app/test_named_files.py::test_absent`", ["tests/app/test_named_files.py::test_absent"]),
        ("`main.py`, `settings/`, `tools/change`, `modules/<capability>/<name>.py`, `docs/diagrams.md`", []),
        (
            "`tests/app/test_named_files.py::missing`, `common/place.py`, [link](docs/alarms.md), `a/b`, `build/x.py`",
            [],
        ),
        ("[link](https://example.com/absent.md)\n```\n`absent.py`\n```\n", []),
    ],
)
def test_what_is_missing_is_named(text: str, named: list[str], files: list[str]) -> None:
    assert list(missing("README.md", text, files)) == named
