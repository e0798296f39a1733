"""Processor time of a synthesis by number of routes, each with two methods, in a process of its own.

The time of an API with one route (start of Python and Node.js, imports, everything but the routes) is taken off, so
that what is left is the routes' and must grow as they do. Processor time, for a busy machine has no other to compare.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COUNTS = (75, 150, 300)
# From half to all of the routes time doubles when it is linear, and quadruples when it is quadratic.
GROWTH_LIMIT = 3.0

_SYNTHESIZE = """
import sys
from cdktf import App
import stacks.base  # before the provider
from environments import load
from environments.api import RouteSettings
from modules.entry import Entry
from stacks.api import ApiStack
from types import SimpleNamespace

count = int(sys.argv[1])
routes = tuple(
    RouteSettings(path=f"/area{n // 10}/{{areaId}}/thing{n}", methods=("GET", "POST"), request_schema="device")
    for n in range(count)
)
environment = load("iot-dev")
api = environment.api.model_copy(update={"routes": routes})
app = App(outdir=sys.argv[2])
ApiStack(
    app,
    environment=environment.model_copy(update={"api": api}),
    entry=SimpleNamespace(base_url="http://entry.example.com:80", load_balancer_arn="arn:aws:balancer"),
    logs_key_arn="arn:aws:kms:ca-central-1:111111111111:key/logs",
)
app.synth()
"""


def seconds(count: int) -> float:
    """Processor seconds of one synthesis with `count` routes, Node.js included."""
    with tempfile.TemporaryDirectory() as folder:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [sys.executable, "-c", _SYNTHESIZE, str(count), folder],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            check=True,
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> int:
    """Print a line for each number of routes; 1 when time grows faster than the routes."""
    base = min(seconds(1) for _ in range(2))
    own = {}
    for count in COUNTS:
        whole = seconds(count)
        own[count] = whole - base
        print(f"API of {count:3d} routes:                {whole:6.2f} s  ({own[count] / count * 1000:.0f} ms each)")
    growth = own[COUNTS[-1]] / own[COUNTS[-2]]
    print(f"from {COUNTS[-2]} to {COUNTS[-1]} routes:           {growth:6.2f} times (at most {GROWTH_LIMIT})")
    return int(growth > GROWTH_LIMIT)


if __name__ == "__main__":
    sys.exit(main())
