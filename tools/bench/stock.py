"""A warm synthesis of all environments against the stock import of one resource, run by run in turn."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from tools.bench import measure

_PAIRS = 3
RATIO_LIMIT = 0.45
MEMORY_LIMIT_MIB = 150

# What a tutorial shows: the import runs the whole package's __init__.
_STOCK = """
import sys
from cdktf import App, TerraformStack
from cdktf_cdktf_provider_aws.provider import AwsProvider
from cdktf_cdktf_provider_aws.vpc import Vpc
app = App(outdir=sys.argv[1])
stack = TerraformStack(app, "stock")
AwsProvider(stack, "aws", region="ca-central-1")
Vpc(stack, "vpc", cidr_block="10.0.0.0/16")
app.synth()
"""


def report() -> tuple[list[str], list[str]]:
    """The table, and the limits that are exceeded."""
    with tempfile.TemporaryDirectory() as folder:
        stock = [sys.executable, "-c", _STOCK, folder]
        own = [sys.executable, "main.py"]
        environ = {"CDKTF_OUTDIR": str(Path(folder, "cdktf.out"))}
        measure.run(own, environ)  # fills the caches of jsii and of Python
        measure.run(stock, environ)
        pairs = [(measure.run(stock, environ), measure.run(own, environ)) for _ in range(_PAIRS)]
        memory = measure.synthesize(Path(folder, "again"))
    theirs, ours = _medians([pair[0] for pair in pairs]), _medians([pair[1] for pair in pairs])
    lines = [
        f"| median of {_PAIRS} pairs | stock import, one VPC | `main.py`, all environments | ratio |",
        "|---|---|---|---|",
        *(f"| {key} | {theirs[key]:.1f} s | {ours[key]:.1f} s | {ours[key] / theirs[key]:.2f} |" for key in ours),
        "",
        f"Memory at its peak: Python {memory.python_mib} MiB, Node.js {memory.node_mib} MiB.",
    ]
    return lines, exceeded(ours["time"] / theirs["time"], memory.python_mib)


def exceeded(ratio: float, python_mib: int) -> list[str]:
    """Limits that are exceeded, in words."""
    found = []
    if ratio > RATIO_LIMIT:
        found.append(f"the synthesis takes {ratio:.2f} of the stock import; at most {RATIO_LIMIT}")
    if python_mib > MEMORY_LIMIT_MIB:
        found.append(f"Python holds {python_mib} MiB; at most {MEMORY_LIMIT_MIB}")
    return found


def _medians(runs: Sequence[measure.Run]) -> dict[str, float]:
    return {
        "time": median(run.seconds for run in runs),
        "processor time": median(run.processor for run in runs),
    }
