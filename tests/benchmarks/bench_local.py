"""`make bench WHAT=local`: a local deployment, phase by phase, and what of it the AWS provider waits by itself.

The embedded AWS answers at once, and what it makes is ready at the first look or the second. Yet the provider takes
13 seconds for a KMS key and 30 for a cluster: fixed delays before its first look, and looks repeated until AWS would
surely have spread the news. So what the quickest resource of a type took, where that is seconds, is the provider's
pause; what a slower one of that type took beyond it is work. A type of which there is one counts whole.
"""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from synthesis_runs import ROOT, watched

from tools.local import running

ENVIRONMENT = "iot-dev"
# Seconds. The shortest pause known is 5, for a VPC endpoint; what takes less may as well be work.
_PAUSE_FROM = 5


def pauses(log: str) -> dict[str, int]:
    """The provider's pause by type of resource, in seconds, from what `cdktf deploy` printed."""
    times: dict[str, int] = {}
    created = r"(aws_\w+)\.\S+ .*: Creation complete after (?:(\d+)m)?(\d+)s"
    for type_, minutes, seconds in re.findall(created, log):
        took = int(minutes or 0) * 60 + int(seconds)
        times[type_] = min(took, times.get(type_, took))
    times.pop("aws_lambda_invocation", None)  # it calls the rotation function, which does its work meanwhile
    return {type_: took for type_, took in sorted(times.items()) if took >= _PAUSE_FROM}


@pytest.mark.timeout(0)
def test_a_local_deployment() -> None:
    command = ["-m", "tools.local", "up", "--env", ENVIRONMENT]
    with watched() as took:
        done = subprocess.run([sys.executable, *command], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 0, done.stdout

    print(f"\n\n`python {' '.join(command)}`: {took.seconds:.0f} s elapsed, {took.processor:.0f} s of CPU time.")
    print("\n| phase | time |\n|---|---|")
    for seconds, title in re.findall(r"^done +([\d.]+) s  ([^:\n]+)", done.stdout, re.MULTILINE):
        print(f"| {title} | {seconds} s |")
    log = (running.folder(ENVIRONMENT) / "deploy.log").read_text(encoding="utf-8")
    found = ", ".join(f"{type_} {pause}" for type_, pause in pauses(log).items())
    print(f"\nThe provider's fixed waits, in seconds: {found}.\n")
