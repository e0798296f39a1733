"""`python -m review.diagram [--env NAME]`: draws the last synthesis; without a name every environment, and README."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from environments import SettingsError, environment_names, load
from review.diagram.dot import dot
from review.diagram.mermaid import mermaid
from review.diagram.reading import picture
from review.diagram.render import RenderError, svg
from review.synthesis import OUTDIR, ROOT, SynthesisError, read

DIAGRAMS = ROOT / "docs" / "diagrams"
# A short-lived copy's picture is nobody's to commit.
_COPIES = ROOT / ".local" / "diagrams"
README_SHOWS = "iot-prod"
_MARKS = re.compile(r"(<!-- diagram -->\n).*(<!-- /diagram -->)", re.DOTALL)


def drawn(environment: str, outdir: Path = OUTDIR) -> str:
    """The SVG of an environment. Raises SynthesisError and RenderError."""
    return svg(dot(picture(environment, read(environment, outdir))))


def readme_with_diagram(text: str, outdir: Path = OUTDIR) -> str:
    """README.md with its flowchart renewed. Raises ValueError without the two marks around it."""
    if not _MARKS.search(text):
        raise ValueError("README.md has no <!-- diagram --> ... <!-- /diagram -->")
    chart = mermaid(picture(README_SHOWS, read(README_SHOWS, outdir)))
    return _MARKS.sub(lambda found: f"{found[1]}```mermaid\n{chart}\n```\n{found[2]}", text)


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when drawn, 1 when it cannot be drawn, 2 when the call is at fault."""
    parser = argparse.ArgumentParser(prog="python -m review.diagram", description=__doc__)
    parser.add_argument("--env", metavar="NAME")
    parser.add_argument("--suffix", metavar="TEXT", help="the short-lived copy with this suffix")
    options = parser.parse_args(arguments)
    if options.suffix is not None and options.env is None:
        parser.error("--suffix needs --env")
    try:
        if options.env is not None:
            names = [load(options.env, suffix=options.suffix).name]
        else:
            names = list(environment_names())
        folder = DIAGRAMS if options.suffix is None else _COPIES
        folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            file = folder / f"{name}.svg"
            file.write_text(drawn(name), encoding="utf-8")
            print(file.relative_to(ROOT))
        if options.env is None:
            readme = ROOT / "README.md"
            readme.write_text(readme_with_diagram(readme.read_text(encoding="utf-8")), encoding="utf-8")
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except (SynthesisError, RenderError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
