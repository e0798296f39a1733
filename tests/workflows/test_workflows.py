"""The workflows for GitHub Actions: what actionlint and zizmor (`make lint`) cannot know of this project."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from settings import environment_names
from tools.deploy.requirements import NEEDED, requirements

_IMPORTED = """
import sys
import tools.change.__main__, tools.change.render, tools.deploy.__main__, boto3
print(*{name.partition(".")[0] for name in sys.modules})
"""
_ROOT = Path(__file__).parents[2]
_FILES = sorted((_ROOT / ".github").rglob("*.yml"))
_WORKFLOWS = sorted((_ROOT / ".github" / "workflows").glob("*.yml"))


def named(file: Path) -> str:
    return file.relative_to(_ROOT).as_posix()


def jobs(file: Path) -> dict[str, str]:
    """The text of each job."""
    _, _, text = file.read_text(encoding="utf-8").partition("\njobs:\n")
    parts = re.split(r"^  ([a-z-]+):\n", text, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_there_is_one_for_each_occasion() -> None:
    assert [file.stem for file in _WORKFLOWS] == ["deploy", "drift", "pull-request"]


@pytest.mark.parametrize("file", _FILES, ids=named)
def test_every_action_is_pinned_to_a_commit_and_says_which_version_that_is(file: Path) -> None:
    for line in file.read_text(encoding="utf-8").splitlines():
        if "uses:" in line and "uses: ./" not in line:
            assert re.search(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), line


def test_one_action_has_one_pin() -> None:
    pins = {pin for file in _FILES for pin in re.findall(r"uses: ([\w/-]+@[0-9a-f]{40})", file.read_text())}

    assert len({pin.split("@")[0] for pin in pins}) == len(pins)


@pytest.mark.parametrize("file", _WORKFLOWS, ids=named)
def test_nothing_is_permitted_that_a_job_does_not_ask_for(file: Path) -> None:
    assert "\npermissions: {}\n" in file.read_text(encoding="utf-8")
    for name, job in jobs(file).items():
        assert "    permissions:\n" in job, name
        assert ("id-token: write" in job) is ("aws-actions/configure-aws-credentials" in job), name
        assert "timeout-minutes:" in job, name


def test_the_only_job_that_writes_to_a_pull_request_runs_none_of_its_code() -> None:
    writing = {name: job for file in _WORKFLOWS for name, job in jobs(file).items() if "pull-requests: write" in job}

    assert writing.keys() == {"comment"}
    assert "checkout" not in writing["comment"]
    assert "make " not in writing["comment"]


def test_plan_and_apply_are_different_roles_in_different_github_environments() -> None:
    deploy = jobs(_ROOT / ".github" / "workflows" / "deploy.yml")

    assert "environment: ${{ inputs.environment }}-plan\n" in deploy["plan"]
    assert "role-to-assume: ${{ vars.PLAN_ROLE_ARN }}" in deploy["plan"]
    assert "environment: ${{ inputs.environment }} #" in deploy["apply"]
    assert "role-to-assume: ${{ vars.DEPLOY_ROLE_ARN }}" in deploy["apply"]
    assert "needs: [synthesize, plan]\n" in deploy["apply"]
    # As long as the role's own longest session: modules/account/deploy_roles.py.
    assert "role-duration-seconds: 7200 " in deploy["apply"]


def test_a_job_that_may_take_a_role_installs_and_runs_nothing_that_only_synthesis_takes() -> None:
    """And takes no file of another job before it has its hash from that job."""
    with_role = {name: job for file in _WORKFLOWS for name, job in jobs(file).items() if "id-token: write" in job}

    assert with_role.keys() == {"plan", "apply", "drift"}
    for job in with_role.values():
        assert "uses: ./.github/actions/setup-deploy\n" in job
        assert not re.search(r"actions/setup\n|make |npm|npx|pipenv|pip install", job)
        assert 'echo "$SHA256  synthesized.tar" | sha256sum --check\n' in job
        assert job.index("sha256sum --check") < job.index("tar --extract") < job.index("configure-aws-credentials")
    assert 'echo "$PLANS_SHA256  plans.tar" | sha256sum --check\n' in with_role["apply"]


def test_what_such_a_job_installs_is_what_its_commands_take() -> None:
    needed: set[str] = set()

    def walk(name: str) -> None:
        name = re.sub(r"[-_.]+", "-", name).lower()
        if name in needed:
            return
        needed.add(name)
        for text in importlib.metadata.requires(name) or ():
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                walk(requirement.name)

    for direct in ("boto3", "jinja2", "jsonschema", "psutil", "pydantic", "rich", "tomlkit"):
        walk(direct)
    assert needed == set(NEEDED)
    lines = list(requirements(_ROOT / "Pipfile.lock"))
    assert len(lines) == len(NEEDED)
    assert all(re.fullmatch(r"[a-z0-9-]+==[\w.]+( --hash=sha256:[0-9a-f]{64})+", line) for line in lines)
    # Nothing else is imported by the two programs.
    imported = subprocess.run(
        [sys.executable, "-c", _IMPORTED], cwd=_ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"cdktf", "cryptography", "jsii", "moto", "psycopg2", "pytest", "trustme", "werkzeug"} & set(imported)
    assert {"boto3", "jinja2", "rich"} <= set(imported)


def test_every_shipped_environment_can_be_chosen() -> None:
    text = (_ROOT / ".github" / "workflows" / "deploy.yml").read_text(encoding="utf-8")

    (offered,) = re.findall(r"^ +options: (.*)$", text, re.MULTILINE)
    assert offered == f"[{', '.join(environment_names())}]", "GitHub takes no other list: write it into deploy.yml"


def test_every_command_is_one_of_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z-]+(?: [a-z-]+)*):.*## ", (_ROOT / "Makefile").read_text(), re.MULTILINE))
    known = {name for target in targets for name in target.split()}

    used = {name for file in _FILES for name in re.findall(r"run: make ([a-z-]+)", file.read_text())}
    assert {"test", "scan", "review", "synth", "setup", "setup-deploy"} <= used
    assert used <= known
