"""The import shortcut: the same JSON, a fraction of the modules and of the memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from synthesis_runs import ROOT, Run

from modules.common import provider_imports

PACKAGE = "cdktf_cdktf_provider_aws"


def python(script: str, *arguments: str) -> str:
    """Output of a script run in a fresh interpreter."""
    return subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    ).stdout


def test_without_the_shortcut_the_json_is_the_same(runs: tuple[Run, Run], tmp_path: Path) -> None:
    # GIVEN a process that has imported the whole provider before anything could shorten it
    script = f"""
import {PACKAGE}, sys
from pathlib import Path
from settings import load
from main import build_app
build_app([load("iot-dev")], Path(sys.argv[1])).synth()
print(sum(name.startswith("{PACKAGE}.") for name in sys.modules))
"""
    imported = int(python(script, str(tmp_path)).split()[-1])
    assert imported > 1000, "the shortcut was taken after all, so nothing is compared"

    # THEN every file of its stacks is that of a run with the shortcut
    files = [path for path in (tmp_path / "stacks").rglob("*") if path.is_file()]
    assert tmp_path / "stacks" / "iot-dev-network" / "cdk.tf.json" in files
    for path in files:
        assert path.read_bytes() == (runs[0].outdir / path.relative_to(tmp_path)).read_bytes()


def test_importing_the_stacks_loads_few_modules_of_the_provider() -> None:
    script = f"""
import sys
import stacks.platform
print(*sorted(name for name in sys.modules if name.startswith("{PACKAGE}.")))
"""
    loaded = python(script).split()

    assert f"{PACKAGE}.vpc" in loaded
    assert len(loaded) < 400  # of some 2,200


def test_settings_are_checked_without_the_provider_or_node() -> None:
    script = """
import sys
import main
main.load("iot-dev")
print(*(name for name in ("cdktf", "jsii", "constructs", "stacks", "modules") if name in sys.modules))
"""
    assert python(script).split() == []


def test_all_environments_are_synthesized_in_150_mib(runs: tuple[Run, Run]) -> None:
    for run in runs:
        assert run.peak_kib / 1024 <= 150


def test_a_synthesis_prints_no_banner_about_the_age_of_node(runs: tuple[Run, Run]) -> None:
    assert [run.errors for run in runs] == ["", ""]


def test_node_loads_few_files_of_the_provider(tmp_path: Path) -> None:
    # GIVEN a script in the Node.js processes of jsii that notes which files of the provider they have loaded
    counter = tmp_path / "counter.cjs"
    counter.write_text(
        f"""
process.on("exit", () => {{
  const files = Object.keys(require.cache).filter((file) => /[\\\\/]provider-aws[\\\\/]/.test(file));
  require("node:fs").writeFileSync({json.dumps(str(tmp_path))} + "/loaded-" + process.pid, files.join("\\n"));
}});
"""
    )
    script = f"""
import os, sys
os.environ["NODE_OPTIONS"] = "--require={counter}"
from pathlib import Path
from settings import load
from main import build_app
build_app([load("iot-dev")], Path(sys.argv[1])).synth()
"""

    # WHEN an environment is synthesized
    python(script, str(tmp_path / "cdktf.out"))

    # THEN it is the index and the resources in use
    loaded = [file for noted in tmp_path.glob("loaded-*") for file in noted.read_text().split()]
    assert any(file.endswith("provider-aws/lib/vpc/index.js") for file in loaded)
    assert len(loaded) < 500  # of some 1,500 and their structs


def test_without_the_bindings_it_says_what_to_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider_imports, "_PACKAGE", "no_such_package")

    with pytest.raises(ModuleNotFoundError, match="no_such_package is not installed; run: make setup"):
        provider_imports.shorten()


def test_the_preloaded_script_is_found_in_a_folder_with_a_space(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / 'a "folder"' / "preloaded.cjs"
    copy.parent.mkdir()
    copy.write_text('console.log("preloaded")')
    monkeypatch.setattr(provider_imports, "_PRELOADED", copy)
    monkeypatch.delitem(sys.modules, PACKAGE, raising=False)
    monkeypatch.setenv("NODE_OPTIONS", "--no-warnings")

    provider_imports.shorten()

    assert subprocess.run(["node", "-e", "0"], capture_output=True, text=True, check=True).stdout == "preloaded\n"
