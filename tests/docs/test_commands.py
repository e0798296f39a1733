"""Every command that a page shows exists: `make` targets and variables, programs of `tools/`, and their options.

What the commands do is tested elsewhere: docs/recovery.md by tests/recovery, `make local` and `make review` by the
tests marked `emulator`.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from documented_commands import Commands, blocks
from project_copy import copy_project

from settings import load

ROOT = Path(__file__).parents[2]
PAGES = sorted(["README.md", "CONTRIBUTING.md", *(str(p.relative_to(ROOT)) for p in (ROOT / "docs").rglob("*.md"))])
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
VARIABLES = set(re.findall(r"^given := (.*)$", MAKEFILE, re.MULTILINE)[0].split())


def commands(text: str) -> Iterator[str]:
    """Lines of fenced and indented blocks, and what stands in backquotes; without comments."""
    fence = r"^(`{3,})(\w*)\n(.*?)^\1"
    for _, language, block in re.findall(fence, text, re.DOTALL | re.MULTILINE):
        if language in ("bash", "sh", ""):
            yield from block.replace("\\\n", " ").splitlines()
    prose = re.sub(fence, "", text, flags=re.DOTALL | re.MULTILINE)
    yield from re.findall(r"^ {4}(\S.*)$", prose, re.MULTILINE)
    yield from (" ".join(span.split()) for span in re.findall(r"`([^`]+)`", re.sub(r"^ {4}.*$", "", prose, flags=re.M)))


def unknown(text: str) -> Iterator[str]:
    """What the commands of a page name, and nothing defines."""
    for line in commands(text):
        command = re.sub(r"\s#.*", "", line)
        if called := re.search(r"\bmake((?: [\w-]+(?:=\S*)?)+)", command):
            before = re.findall(r"([A-Z]+)=\S* ", command[: called.start()])
            words = called.group(1).split()
            yield from (word for word in words if "=" not in word and word not in TARGETS)
            named = [*before, *(word.partition("=")[0] for word in words if "=" in word)]
            yield from (f"{name}=" for name in named if name not in VARIABLES)
        if called := re.search(r"python -m (tools\.\w+)(.*)", command):
            yield from _not_said(called.group(2), ROOT / called.group(1).replace(".", "/") / "__main__.py")
        if called := re.search(r"npx cdktf (.*)", command):
            yield from _not_said(called.group(1), ROOT / "tools" / "deploy" / "cdktf.py", verbs=("synth", "diff"))


def _not_said(arguments: str, program: Path, verbs: tuple[str, ...] = ()) -> Iterator[str]:
    """The options of a call, and its verb, that the program does not name."""
    source = program.read_text(encoding="utf-8") if program.is_file() else ""
    words = shlex.split(arguments)
    options = [word.partition("=")[0] for word in words if word.startswith("--")]
    for word in (*words[:1], *options):
        if f'"{word}"' not in source and word not in verbs:
            yield word


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_a_page_exists(page: str) -> None:
    assert list(unknown((ROOT / page).read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("`make absent`", ["absent"]),
        ("`make addresses absent`", ["absent"]),
        ("    make review ENV=iot-dev BASIS=main  # make absent", ["BASIS="]),
        ("```sh\nKEPT=1 make local\n```", ["KEPT="]),
        ("`python -m tools.change rehearse --env iot-dev --absent`", ["rehearse", "--absent"]),
        ("`.venv/bin/python -m tools.absent`", []),
        ("`npx cdktf deploy 'iot-dev-*' --skip-lock`", ["--skip-lock"]),
        ("```python\nmake absent\n```\nmake absent\n`make` itself, `make lint`, `KEEP=1 make local ENV=iot-dev`", []),
        ("`.venv/bin/python -m tools.change plan --env iot-dev`\n    npx cdktf synth", []),
    ],
)
def test_what_does_not_exist_is_named(text: str, named: list[str]) -> None:
    assert list(unknown(text)) == named


def test_the_environment_of_the_first_steps_is_accepted(tmp_path: Path) -> None:
    # GIVEN the project
    project = copy_project(tmp_path / "project")
    page = blocks((ROOT / "docs" / "get-started.md").read_text(encoding="utf-8"))

    # WHEN an environment is written as the page tells
    Commands(project, {"PATH": "/usr/bin:/bin"}).run(page["2. Write your environment"])

    # THEN its settings are accepted, and are of an account of its own
    check = "from settings import load; found = load('acme-dev'); print(found.account_id, found.service.image)"
    done = subprocess.run([sys.executable, "-c", check], cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    account, image = done.stdout.split()
    assert image.startswith(account)
    assert account != load("iot-dev").account_id  # whose file was copied
