"""Synthesize every environment under each toolchain and compare: 0 when only what may differ does, else 1."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.synthesized.errors import ToolError, exit_code
from tools.synthesized.paths import ROOT

TOOLCHAINS = {
    "cdktn": "CDK Terrain with its own AWS bindings",
    "provider6": "CDKTF with the bindings of AWS provider 6",
}
# Which provider, and what CDKTF notes of itself; "aws" and "hashicorp/aws" are the same address to Terraform.
MAY_DIFFER = (
    ("terraform", "required_providers", "aws", "version"),
    ("terraform", "required_providers", "aws", "source"),
    ("//", "metadata"),
    ("version",),  # of manifest.json
)


def main() -> int:
    """Print every difference that is not allowed, as a diff."""
    same = True
    with tempfile.TemporaryDirectory() as folder:
        base = _synthesize(Path(sys.executable), ROOT / "main.py", Path(folder, "base"))
        for name, title in TOOLCHAINS.items():
            python = ROOT / "tools" / "compat" / name / ".venv" / "bin" / "python"
            if not python.exists():
                raise ToolError(f"{python.relative_to(ROOT)} does not exist; run: make compat")
            other = _synthesize(python, ROOT / "tools" / "compat" / "synthesize.py", Path(folder, name))
            found = differences(base, other)
            print(f"{title}: {found or 'nothing differs but versions'}")
            same = same and not found
    return int(not same)


def _synthesize(python: Path, script: Path, outdir: Path) -> Path:
    # As `modules.common.provider_imports` has it, which the other toolchains load only after they have started Node.js.
    silenced = {"JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20"}
    environ = {**silenced, **os.environ, "CDKTF_OUTDIR": str(outdir)}
    subprocess.run([str(python), str(script)], cwd=ROOT, env=environ, check=True)
    return outdir


def differences(base: Path, other: Path) -> str:
    """What `diff` says of two output folders, from whose JSON everything is removed that may differ."""
    for file in (*base.rglob("*.json"), *other.rglob("*.json")):
        content = json.loads(file.read_text(encoding="utf-8"))
        for *way, last in MAY_DIFFER:
            place = content
            for key in way:
                place = place.get(key, {})
            place.pop(last, None)
        file.write_text(json.dumps(content, indent=1, sort_keys=True), encoding="utf-8")
    done = subprocess.run(["diff", "-ru", str(base), str(other)], capture_output=True, text=True, check=False)
    if done.returncode > 1 or not any(base.iterdir()):
        raise ToolError(f"the folders cannot be compared: {done.stderr or 'nothing was synthesized'}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(exit_code(main))
