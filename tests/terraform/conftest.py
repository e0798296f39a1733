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

# The provider then plans without credentials; `allowed_account_ids` would ask who is calling.
_OFFLINE = {
    "provider": {
        "aws": {
            "allowed_account_ids": None,
            "skip_credentials_validation": True,
            "skip_requesting_account_id": True,
            "skip_metadata_api_check": True,
            "access_key": "offline",
            "secret_key": "offline",
        }
    },
    "terraform": {"backend": {"local": {}}},
}

Terraform = Callable[..., CompletedProcess[str]]


# OpenTofu reads the same JSON, so where it is found, it judges it, too.
PROGRAMS = tuple(dict.fromkeys([terraform.binary(os.environ), *filter(None, [shutil.which("tofu") and "tofu"])]))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which programs have judged the JSON, for OpenTofu is not on every machine."""
    absent = "" if any(Path(program).name.startswith("tofu") for program in PROGRAMS) else "; OpenTofu is not on PATH"
    terminalreporter.write_line(f"Stacks validated by: {', '.join(PROGRAMS)}{absent}")


@pytest.fixture(params=PROGRAMS)
def offline(app_outdir: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Callable[[str], Terraform]:
    """Gives for a stack's name a function that runs Terraform on a copy of its JSON, initialized."""

    def prepare(stack: str) -> Terraform:
        shutil.copy(app_outdir / "stacks" / stack / "cdk.tf.json", tmp_path)
        (tmp_path / "offline_override.tf.json").write_text(json.dumps(_OFFLINE), encoding="utf-8")
        chosen = {**os.environ, "TERRAFORM_BINARY_NAME": request.param}
        environ = {**chosen, **terraform.settings(chosen)}

        def run(*arguments: str) -> CompletedProcess[str]:
            done = terraform.run(arguments, cwd=tmp_path, environ=environ, check=False)
            assert done.returncode == 0, f"{request.param} {' '.join(arguments)}\n{done.stdout}{done.stderr}"
            return done

        run("init", "-input=false")
        return run

    return prepare


@pytest.fixture(params=PROGRAMS)
def offline_all(
    app_outdir: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> Callable[[], CompletedProcess[str]]:
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
        chosen = {**os.environ, "TERRAFORM_BINARY_NAME": request.param}
        environ = {**chosen, **terraform.settings(chosen)}
        terraform.run(["init", "-input=false"], cwd=tmp_path, environ=environ)
        return terraform.run(["validate", "-json"], cwd=tmp_path, environ=environ, check=False)

    return validate
