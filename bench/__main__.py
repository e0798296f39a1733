"""`make bench`: a warm synthesis of all environments against the stock import of one resource, in one run."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
_RUNS = 3
_RATIO_LIMIT = 0.5
_MEMORY_LIMIT_MIB = 150

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
_MEMORY = """
import main, resource, sys
assert main.main([]) == 0
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(peak // (1024 * 1024 if sys.platform == "darwin" else 1024))
"""


def main() -> int:
    """Print times, memory and ratio; 1 when a limit is exceeded."""
    with tempfile.TemporaryDirectory() as folder:
        stock = [sys.executable, "-c", _STOCK, folder]
        own = [sys.executable, "main.py"]
        environ = {**os.environ, "CDKTF_OUTDIR": str(Path(folder, "cdktf.out"))}
        _seconds(own, environ)  # fills the caches of jsii and of Python
        _seconds(stock, environ)
        pairs = [(_seconds(stock, environ), _seconds(own, environ)) for _ in range(_RUNS)]
        stock_seconds, own_seconds = (median(times) for times in zip(*pairs, strict=True))
        done = subprocess.run(
            [sys.executable, "-c", _MEMORY], cwd=ROOT, env=environ, check=True, capture_output=True, text=True
        )
    ratio, memory = own_seconds / stock_seconds, int(done.stdout)
    print(f"stock import, one VPC:            {stock_seconds:6.2f} s  (median of {_RUNS})")
    print(f"python main.py, all environments: {own_seconds:6.2f} s")
    print(f"ratio:                            {ratio:6.2f}    (at most {_RATIO_LIMIT})")
    print(f"memory of Python:                 {memory:6d} MiB (at most {_MEMORY_LIMIT_MIB})")
    return int(ratio > _RATIO_LIMIT or memory > _MEMORY_LIMIT_MIB)


def _seconds(command: list[str], environ: dict[str, str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, cwd=ROOT, env=environ, check=True, capture_output=True)
    return time.perf_counter() - start


if __name__ == "__main__":
    sys.exit(main())
