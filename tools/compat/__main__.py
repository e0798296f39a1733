"""Synthesize every environment under each toolchain and compare: 0 when only what may differ does, else 1."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.compat.compare import Comparison, compare
from tools.synthesized.paths import ROOT

TOOLCHAINS = {
    "cdktn": "CDK Terrain with its own AWS bindings",
    "provider6": "CDKTF with the bindings of AWS provider 6",
}


def main() -> int:
    """Print a table, and every difference that is not allowed."""
    refused = False
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder, "base")
        _synthesize(Path(sys.executable), ROOT / "main.py", base)
        for name, title in TOOLCHAINS.items():
            python = ROOT / "tools" / "compat" / name / ".venv" / "bin" / "python"
            if not python.exists():
                print(f"{python.relative_to(ROOT)} does not exist; run: make compat", file=sys.stderr)
                return 2
            other = Path(folder, name)
            _synthesize(python, ROOT / "tools" / "compat" / "synthesize.py", other)
            found = compare(base, other)
            refused |= bool(found.others) or not found.files
            _print(title, _versions(python), found)
    return int(refused)


def _synthesize(python: Path, script: Path, outdir: Path) -> None:
    environ = {**os.environ, "CDKTF_OUTDIR": str(outdir)}
    subprocess.run([str(python), str(script)], cwd=ROOT, env=environ, check=True)


def _versions(python: Path) -> str:
    """The libraries under test, as installed in that environment."""
    script = (
        "from importlib.metadata import distributions as d;"
        "print(*sorted(f'{x.name} {x.version}' for x in d() if x.name.startswith(('cdktf', 'cdktn'))), sep=', ')"
    )
    return subprocess.run([str(python), "-c", script], check=True, capture_output=True, text=True).stdout.strip()


def _print(title: str, versions: str, found: Comparison) -> None:
    print(f"{title} ({versions}): {found.files} files")
    for place, count in sorted(found.allowed.items()):
        print(f"  differs, as it may:  {place} ({count} times)")
    for line in found.others:
        print(f"  DIFFERS:             {line}")
    if not found.others:
        print("  everything else is the same")


if __name__ == "__main__":
    sys.exit(main())
