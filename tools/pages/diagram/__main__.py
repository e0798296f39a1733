"""`python -m tools.pages.diagram [--env NAME]`: draws the last synthesis; without a name everything, and the pages."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from settings import Environment, environment_names, load
from tools.pages.diagram.dot import dot
from tools.pages.diagram.mermaid import mermaid
from tools.pages.diagram.reading import picture
from tools.pages.diagram.render import svg
from tools.pages.diagram.stacks import stacks
from tools.synthesized.errors import exit_code
from tools.synthesized.paths import OUTDIR, ROOT
from tools.synthesized.platform import read

DIAGRAMS = ROOT / "docs" / "diagrams"
# A short-lived copy's picture is nobody's to commit.
_COPIES = ROOT / ".local" / "diagrams"
# Whose flowcharts the pages show.
SHOWN = "iot-prod"


def drawn(environment: Environment, outdir: Path = OUTDIR) -> str:
    """The SVG of an environment. Raises SynthesisError and RenderError."""
    return svg(dot(picture(environment.name, read(environment, outdir))))


def pages(outdir: Path = OUTDIR) -> dict[Path, str]:
    """The pages with a flowchart in them, renewed. Raises SynthesisError, and ValueError without the marks."""
    platform = read(load(SHOWN), outdir)
    charts = {
        ROOT / "README.md": ("diagram", mermaid(picture(SHOWN, platform))),
        ROOT / "docs" / "architecture.md": ("stacks", stacks(SHOWN, platform)),
    }
    return {page: with_chart(page.read_text(encoding="utf-8"), mark, chart) for page, (mark, chart) in charts.items()}


def with_chart(text: str, mark: str, chart: str) -> str:
    """A page with the flowchart between its two marks. Raises ValueError where there are none."""
    marks = re.compile(f"(<!-- {mark} -->\n).*(<!-- /{mark} -->)", re.DOTALL)
    if not marks.search(text):
        raise ValueError(f"no <!-- {mark} --> ... <!-- /{mark} -->")
    return marks.sub(lambda found: f"{found[1]}```mermaid\n{chart}\n```\n{found[2]}", text)


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when drawn, 1 when it cannot be drawn, 2 when the call, the settings or the synthesis are at fault."""
    parser = argparse.ArgumentParser(prog="python -m tools.pages.diagram", description=__doc__)
    parser.add_argument("--env", metavar="NAME")
    parser.add_argument("--suffix", metavar="TEXT", help="the short-lived copy with this suffix")
    options = parser.parse_args(arguments)
    if options.suffix is not None and options.env is None:
        parser.error("--suffix needs --env")
    return exit_code(lambda: _write(options.env, options.suffix))


def _write(env: str | None, suffix: str | None) -> None:
    names = environment_names() if env is None else (env,)
    folder = DIAGRAMS if suffix is None else _COPIES
    folder.mkdir(parents=True, exist_ok=True)
    for environment in [load(name, suffix=suffix) for name in names]:
        file = folder / f"{environment.name}.svg"
        file.write_text(drawn(environment), encoding="utf-8")
        print(file.relative_to(ROOT))
    if env is None:
        for page, text in pages().items():
            page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
