"""Whose time a synthesis is: its stack of calls is looked at every few milliseconds, each time naming one owner.

Sampled, for a profiler's own cost would fall on whoever makes many small calls. `imports` is the running of modules;
`Node.js` is waiting for jsii's answer; `libraries` are jsii's bindings, their checks of types, pydantic and the rest;
`project` is this project's code with what it calls in the standard library.
"""

from __future__ import annotations

import json
import signal
import sys
import tempfile
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

from tools.bench import measure
from tools.synthesized.paths import ROOT

PROJECT_LIMIT = 0.05
_EVERY_SECONDS = 0.002
_ORDER = ("Node.js", "libraries", "imports", "project")
_ROOMS = tuple(str(ROOT / name) for name in ("main.py", "stacks", "modules", "settings", "rotation_lambda"))
# Where jsii's binding writes to the pipe of Node.js, and waits for its answer.
_PIPE = ("jsii/_kernel/providers/process.py", ("send", "_next_message"))


def owner(frame: FrameType) -> str:
    """Whose turn it is in this stack of frames; the innermost comes first."""
    code, found = frame.f_code, None
    if code.co_filename.endswith(_PIPE[0]) and code.co_name in _PIPE[1]:
        return "Node.js"
    looked: FrameType | None = frame
    while looked is not None:
        file = looked.f_code.co_filename
        if file.startswith("<frozen importlib"):
            return "imports"
        if found is None:
            found = "libraries" if "site-packages" in file else "project" if file.startswith(_ROOMS) else None
        looked = looked.f_back
    return found or "imports"  # the interpreter's own, before anything of the program has run


def measured() -> dict[str, Any]:
    """Shares of the time of a synthesis of all shipped environments, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        measure.synthesize(Path(folder, "warm"))
        done = measure.run([sys.executable, "-m", "tools.bench.profile", folder])
    return {"looks": sum((shares := json.loads(done.output)).values()), "shares": shares}


def exceeded(values: dict[str, Any]) -> list[str]:
    """Limits that are broken, in words."""
    share = _share(values, "project")
    return [f"the project's own code takes {share:.1%}; at most {PROJECT_LIMIT:.0%}"] if share > PROJECT_LIMIT else []


def page(values: dict[str, Any]) -> list[str]:
    """The table of docs/benchmarks.md."""
    return [
        f"| of {values['looks']} looks | share | at most |",
        "|---|---|---|",
        *(
            f"| {name} | {_share(values, name):.1%} | {f'{PROJECT_LIMIT:.0%}' if name == 'project' else ''} |"
            for name in _ORDER
        ),
    ]


def _share(values: dict[str, Any], name: str) -> float:
    return float(values["shares"].get(name, 0) / values["looks"])


def _sample(outdir: Path) -> Counter[str]:
    seen: Counter[str] = Counter()
    signal.signal(signal.SIGALRM, lambda _, frame: seen.update([owner(frame)] if frame else []))
    signal.setitimer(signal.ITIMER_REAL, _EVERY_SECONDS, _EVERY_SECONDS)
    from main import build_app  # noqa: TID251  (this measures the top of the program)
    from settings import environment_names, load

    build_app([load(name) for name in environment_names()], outdir).synth()
    signal.setitimer(signal.ITIMER_REAL, 0)
    return seen


if __name__ == "__main__":
    print(json.dumps(_sample(Path(sys.argv[1]))))
