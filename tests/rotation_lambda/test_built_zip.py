"""The zip, unpacked, under the Lambda's Python; and what its import costs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import boto3
import pytest

from rotation_support.package import LAMBDA, build
from rotation_support.world import STEPS, World


def _python_313() -> str | None:
    """A CPython 3.13 of this machine that starts."""
    candidates = [sys.executable, shutil.which("python3.13")]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates += [str(path) for path in sorted(pyenv.glob("versions/3.13*/bin/python"))]
    for candidate in filter(None, candidates):
        done = subprocess.run(
            [candidate, "-c", "import sys; print(sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.stdout.strip() == "(3, 13)":
            return candidate
    return None


RUN = """
import json, sys, psycopg2
from rotation import handler
class Context:
    def get_remaining_time_in_millis(self): return 30000
for event in json.load(sys.stdin):
    handler.handler(event, Context())
print(json.dumps([sys.version_info[:2], psycopg2.__file__, psycopg2.__version__, handler.__file__]))
"""


def test_built_zip_rotates_under_python_313(world: World, aws: str, tmp_path: Path) -> None:
    """Unpacked as Lambda does, with the test authority in place of RDS's and the runtime's boto3."""
    python = _python_313()
    if python is None:
        # The prerequisites are those of the project, and nothing else here needs 3.13. The workflows install it.
        assert "GITHUB_ACTIONS" not in os.environ, ".github/actions/setup must install Python 3.13"
        pytest.skip("this machine has no Python 3.13; the workflows run this test")
    zipped = build.build("x86_64" if os.uname().machine == "x86_64" else "arm64", tmp_path / "function.zip")
    unpacked, runtime = tmp_path / "task", tmp_path / "runtime"
    with zipfile.ZipFile(zipped.path) as archive:
        archive.extractall(unpacked)
    shutil.copy(world.authorities, unpacked / "certificates" / "rds-ca-roots.pem")
    runtime.mkdir()
    packages = Path(boto3.__file__).resolve().parents[1]
    for name in ("boto3", "botocore", "jmespath", "s3transfer", "dateutil", "six.py", "urllib3"):
        (runtime / name).symlink_to(packages / name)
    case = world.alternating()
    for _ in range(2):
        case.begin()
        done = subprocess.run(
            [
                python,
                "-I",
                "-B",
                "-c",
                f"import sys; sys.path[:0] = {[str(unpacked), str(runtime)]!r}\n{RUN}",
            ],
            input=json.dumps([case.event(step) for step in STEPS]),
            env={**os.environ, "AWS_ENDPOINT_URL": aws},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        world.leaks.evidence.append(("log", done.stdout + done.stderr))
        assert done.returncode == 0, done.stderr
        *records, answer = [json.loads(line) for line in done.stdout.splitlines()]
        assert [record["outcome"] for record in records] == ["done"] * 4
        assert answer[0] == [3, 13]
        assert answer[1] == str(unpacked / "psycopg2" / "__init__.py")
        assert answer[3] == str(unpacked / "rotation" / "handler.py")
        case.remember(verifiers=True)
        assert world.works(case.current())


def test_import_takes_at_most_60_ms_beyond_boto3_and_psycopg2() -> None:
    """Processor time, the best of five: what the import costs, whatever else this machine is doing."""
    script = (
        "import boto3, psycopg2, time; start = time.process_time(); import rotation.handler;"
        " print((time.process_time() - start) * 1000)"
    )
    environment = {**os.environ, "PYTHONPATH": str(LAMBDA)}
    times = [
        float(subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, check=True).stdout)
        for _ in range(5)
    ]
    assert min(times) <= 60
