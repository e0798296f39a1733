"""A warm synthesis of all environments against the stock import of one resource, run by run in turn."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from tools.bench import measure

_RUNS = 3
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


def measured() -> dict[str, Any]:
    """Medians of both, their ratios, and the memory."""
    with tempfile.TemporaryDirectory() as folder:
        stock = [sys.executable, "-c", _STOCK, folder]
        own = [sys.executable, "main.py"]
        environ = {"CDKTF_OUTDIR": str(Path(folder, "cdktf.out"))}
        measure.run(own, environ)  # fills the caches of jsii and of Python
        measure.run(stock, environ)
        pairs = [(measure.run(stock, environ), measure.run(own, environ)) for _ in range(_RUNS)]
        memory = measure.synthesize(Path(folder, "again"))
    return {
        "runs": _RUNS,
        "stock": _medians([pair[0] for pair in pairs]),
        "own": _medians([pair[1] for pair in pairs]),
        "python_mib": memory.python_mib,
        "node_mib": memory.node_mib,
    }


def ratios(values: dict[str, Any]) -> dict[str, float]:
    """Own to stock, by time and by processor time."""
    return {key: values["own"][key] / values["stock"][key] for key in values["own"]}


def exceeded(values: dict[str, Any]) -> list[str]:
    """Limits that are broken, in words."""
    found, ratio = [], ratios(values)["seconds"]
    if ratio > RATIO_LIMIT:
        found.append(f"the synthesis takes {ratio:.2f} of the stock import; at most {RATIO_LIMIT}")
    if values["python_mib"] > MEMORY_LIMIT_MIB:
        found.append(f"Python holds {values['python_mib']} MiB; at most {MEMORY_LIMIT_MIB}")
    return found


def page(values: dict[str, Any]) -> list[str]:
    """The tables of docs/benchmarks.md."""
    own, stock, ratio = values["own"], values["stock"], ratios(values)
    return [
        f"| median of {values['runs']} pairs | stock import, one VPC | `main.py`, all environments | ratio | at most |",
        "|---|---|---|---|---|",
        f"| time | {stock['seconds']:.1f} s | {own['seconds']:.1f} s | **{ratio['seconds']:.2f}** | {RATIO_LIMIT} |",
        f"| processor time | {stock['processor']:.1f} s | {own['processor']:.1f} s | {ratio['processor']:.2f} | |",
        "",
        f"Memory at its peak: Python {values['python_mib']} MiB (at most {MEMORY_LIMIT_MIB}), "
        f"Node.js {values['node_mib']} MiB.",
    ]


def _medians(runs: list[measure.Run]) -> dict[str, float]:
    return {
        "seconds": round(median(run.seconds for run in runs), 2),
        "processor": round(median(run.processor for run in runs), 2),
    }
