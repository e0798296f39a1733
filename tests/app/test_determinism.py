"""The same bytes on every machine, at any time, from any directory."""

from __future__ import annotations

import functools
import getpass
import re
import sys
import tempfile
import time
from pathlib import Path

from all_environments import environment_names
from synthesis_runs import Run

# The dates that may stand in a file name a version, of the language of policies and of Lambda's API:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html and, for the URI by which
# API Gateway calls a function, https://docs.aws.amazon.com/apigateway/latest/api/API_PutIntegration.html
VERSIONS = ("2012-10-17", ":lambda:path/2015-03-31/functions/")


def tree(directory: Path) -> dict[str, bytes]:
    """Every file under a directory with its content."""
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def texts(directory: Path) -> dict[str, str]:
    """Every file that is text; a zip's own tests say what it holds."""
    return {name: content.decode() for name, content in tree(directory).items() if not name.endswith(".zip")}


def test_two_syntheses_differ_in_no_byte(runs: tuple[Run, Run]) -> None:
    first, second = (tree(run.outdir) for run in runs)

    assert first.keys() == second.keys()
    assert not [name for name in first if first[name] != second[name]]
    for name in environment_names():
        assert f"stacks/{name}-network/cdk.tf.json" in first
        assert any(file.startswith(f"stacks/{name}-rotation/assets/") for file in first)


def test_no_file_holds_a_path_of_this_machine(runs: tuple[Run, Run]) -> None:
    for run in runs:
        paths = {str(run.root), str(run.outdir), str(Path.home()), tempfile.gettempdir(), sys.prefix, "site-packages"}
        for name, text in texts(run.outdir).items():
            assert not [path for path in paths if f"{path}/" in text or f'{path}"' in text], name


def test_no_file_holds_a_time_or_a_person(runs: tuple[Run, Run]) -> None:
    hours = f"{int(time.time()) // 100_000}"  # the epoch to the day, as seconds or milliseconds would begin
    for name, content in texts(runs[0].outdir).items():
        text = functools.reduce(lambda left, version: left.replace(version, ""), VERSIONS, content)
        assert not re.findall(r"\b(?:19|20)\d\d[-/]\d\d[-/]\d\d", text), name
        assert not re.findall(r"\b\d\d:\d\d:\d\d\b", text), name
        assert not re.findall(rf"\b{hours}\d{{5}}(?:\d{{3}})?\b", text), name
        assert not re.findall(rf"\b{re.escape(getpass.getuser())}@", text), name


def test_files_end_in_json_and_nothing_else_is_written(runs: tuple[Run, Run]) -> None:
    assert {Path(name).suffix for name in tree(runs[0].outdir)} <= {".json", ".zip"}
