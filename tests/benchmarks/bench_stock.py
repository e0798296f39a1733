"""`make bench WHAT=stock`: a warm synthesis of all environments against the stock import of one resource, in turn."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from statistics import median

import pytest
from synthesis_runs import ROOT, Run, Took, synthesize, watched

PAIRS = 3
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


@pytest.mark.timeout(0)
def test_all_environments_are_quicker_than_the_stock_import_of_one_resource(tmp_path: Path) -> None:
    def stock() -> Took:
        with watched() as took:
            subprocess.run([sys.executable, "-c", _STOCK, str(tmp_path / "stock")], check=True)
        return took

    def own() -> Run:
        return synthesize(ROOT, tmp_path / "cdktf.out", tmp_path, 0o022)

    own()  # fills the caches of jsii and of Python
    stock()
    pairs = [(stock(), own()) for _ in range(PAIRS)]

    print(f"\n\n| median of {PAIRS} pairs | usual import, one VPC | `main.py`, all environments | ratio |")
    print("|---|---|---|---|")
    ratios = {}
    for key, shown in (("seconds", "elapsed time"), ("processor", "CPU time")):
        theirs = median(getattr(stock, key) for stock, _ in pairs)
        ours = median(getattr(own.took, key) for _, own in pairs)
        ratios[key] = ours / theirs
        print(f"| {shown} | {theirs:.1f} s | {ours:.1f} s | {ratios[key]:.2f} |")
    python, node = (max(kib) // 1024 for kib in zip(*((own.peak_kib, own.node_kib) for _, own in pairs), strict=True))
    print(f"\nPeak memory: Python {python} MiB, Node.js {node} MiB.\n")

    assert ratios["seconds"] <= RATIO_LIMIT
    assert python <= MEMORY_LIMIT_MIB
