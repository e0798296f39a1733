"""`python -m tools.pages docs|resources|diagram|critical-path|openapi`: pages made from settings and synthesized JSON.

`docs` renews every generated page, `resources` prints those that the checks of PCI DSS ask about; the others are about
one environment.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from settings import load
from tools.pages import alarms, critical_path, dashboards, flowcharts, licences, openapi, pci, settings
from tools.pages.markdown import chart, with_parts
from tools.pages.picture import Picture
from tools.synthesized.errors import exit_code
from tools.synthesized.paths import OUTDIR, ROOT
from tools.synthesized.platform import read, read_all

# Whose pictures README.md, docs/architecture.md and docs/monitoring.md show.
SHOWN = "iot-prod"


def docs(outdir: Path = OUTDIR) -> dict[str, str]:
    """Every page with its generated parts renewed. Raises ToolError."""
    platforms = read_all(outdir)
    shown = read(load(SHOWN), outdir)
    charts = {platform.name: chart(flowcharts.environment(Picture(platform))) for platform in platforms}
    parts = {
        "README.md": {"environments": settings.environments_table(), "diagram": charts[SHOWN]},
        "docs/alarms.md": {"alarms": alarms.tables(platforms)},
        "docs/architecture.md": {"stacks": chart(flowcharts.stacks(shown))},
        "docs/diagrams.md": {"diagrams": "\n\n".join(f"## {name}\n\n{text}" for name, text in charts.items())},
        "docs/licences.md": {"licences": licences.tables(ROOT)},
        "docs/monitoring.md": {"dashboard": chart(dashboards.picture(shown))},
        "docs/pci-dss.md": pci.tables(platforms),
        "docs/settings.md": {"settings": settings.settings_table()},
    }
    return {page: with_parts((ROOT / page).read_text(encoding="utf-8"), each) for page, each in parts.items()}


def main(arguments: Sequence[str] | None = None) -> int:
    """2 when the call, a settings file or the synthesis is at fault."""
    parser = argparse.ArgumentParser(prog="python -m tools.pages", description=__doc__)
    parser.add_argument("verb", choices=["docs", "resources", "diagram", "critical-path", "openapi"])
    parser.add_argument("--env", metavar="NAME")
    parser.add_argument("--suffix", metavar="TEXT", help="the ephemeral environment with this suffix")
    options = parser.parse_args(arguments)
    about_one = options.verb not in ("docs", "resources")
    if about_one is not bool(options.env) or (options.suffix and not about_one):
        parser.error("diagram, critical-path and openapi need --env, docs and resources are about all environments")
    return exit_code(lambda: _perform(options.verb, options.env, options.suffix))


def _perform(verb: str, env: str | None, suffix: str | None) -> None:
    if verb == "resources":
        print("\n".join(pci.resources(read_all())))
        return
    if env is None:
        for page, text in docs().items():
            (ROOT / page).write_text(text, encoding="utf-8")
        return
    environment = load(env, suffix=suffix)
    if verb == "openapi":
        path = ROOT / "build" / "openapi" / f"{environment.name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(openapi.document(environment), indent=2) + "\n", encoding="utf-8")
        print(path.relative_to(ROOT))
    elif verb == "diagram":
        print(flowcharts.environment(Picture(read(environment))))
    else:
        critical_path.show(read(environment))


if __name__ == "__main__":
    sys.exit(main())
