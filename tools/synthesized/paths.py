"""Where the project and its synthesized files are."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OUTDIR = ROOT / "cdktf.out"
