"""SVG of a Graphviz text, by the Graphviz that `make setup` has installed with the Node.js packages."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tools.synthesized.errors import ToolError
from tools.synthesized.paths import ROOT

FONT = "Verdana"
"""The widest of the usual fonts: Graphviz leaves room for it, and a narrower one fits, too."""
# Where it is not installed, one of the same widths, so that texts stand where Graphviz has put them.
_FONTS = "Verdana,DejaVu Sans,sans-serif"
_SCRIPT = Path(__file__).with_name("render.cjs")


class RenderError(ToolError):
    """Graphviz refused the text, or is not installed."""


def svg(text: str) -> str:
    """The same bytes on every machine. Raises RenderError."""
    done = subprocess.run(
        ["node", str(_SCRIPT)], input=text, capture_output=True, text=True, encoding="utf-8", cwd=ROOT, check=False
    )
    if "Cannot find module" in done.stderr:
        raise RenderError("Graphviz (@viz-js/viz) is not installed; run: make setup")
    if done.returncode:
        raise RenderError(f"Graphviz cannot draw this: {done.stderr.strip()}")
    return done.stdout.replace(f'"{FONT}"', f'"{_FONTS}"')
