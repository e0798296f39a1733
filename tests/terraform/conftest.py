"""Real Terraform and the real AWS provider on the synthesized JSON, without any AWS to call."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tools.deploy import terraform

# OpenTofu reads the same JSON, so where it is found, it judges it, too.
PROGRAMS = tuple(dict.fromkeys([terraform.binary(os.environ), *filter(None, [shutil.which("tofu") and "tofu"])]))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which programs have judged the JSON, for OpenTofu is not on every machine."""
    absent = "" if any(Path(program).name.startswith("tofu") for program in PROGRAMS) else "; OpenTofu is not on PATH"
    terminalreporter.write_line(f"Stacks validated by: {', '.join(PROGRAMS)}{absent}")


@pytest.fixture(params=PROGRAMS)
def program(request: pytest.FixtureRequest) -> str:
    """Each of them."""
    return str(request.param)


@pytest.fixture
def offline_all(app_outdir: Path, tmp_path: Path, program: str) -> Callable[[], CompletedProcess[str]]:
    """Gives a function that validates every stack at once, as modules of one configuration.

    Reading the provider's schema takes seconds, and once is enough. A module has no backend.
    """

    def validate() -> CompletedProcess[str]:
        modules = {}
        for stack in (app_outdir / "stacks").iterdir():
            synthesized = json.loads((stack / "cdk.tf.json").read_text(encoding="utf-8"))
            del synthesized["terraform"]["backend"]
            (tmp_path / stack.name).mkdir()
            (tmp_path / stack.name / "cdk.tf.json").write_text(json.dumps(synthesized), encoding="utf-8")
            modules[stack.name] = {"source": f"./{stack.name}"}
        (tmp_path / "main.tf.json").write_text(json.dumps({"module": modules}), encoding="utf-8")
        chosen = {**os.environ, "TERRAFORM_BINARY_NAME": program}
        environ = {**chosen, **terraform.settings(chosen)}
        terraform.run(["init", "-input=false"], cwd=tmp_path, environ=environ)
        return terraform.run(["validate", "-json"], cwd=tmp_path, environ=environ, check=False)

    return validate
