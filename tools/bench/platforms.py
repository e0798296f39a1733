"""A local deployment of one environment, stack by stack, beside the pauses that the AWS provider makes by itself."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from tools.bench import measure, waits
from tools.local import running
from tools.synthesized import stacks

_PHASE = re.compile(r"^done +(?P<seconds>[\d.]+) s  (?P<title>[^:]+)")
_LOOK_SECONDS = 0.05


class _Follower(threading.Thread):
    """Stamps the lines of a log as they are written to it, until it is told that there will be no more."""

    def __init__(self, log: Path) -> None:
        super().__init__(daemon=True)
        self._log = log
        self._over = threading.Event()
        self.lines: list[tuple[float, str]] = []

    def run(self) -> None:
        while not self._log.exists():
            if self._over.wait(_LOOK_SECONDS):
                return
        with self._log.open(encoding="utf-8") as file:
            text = ""
            while True:
                last = self._over.is_set()
                text += file.read()
                *whole, text = text.split("\n")
                moment = time.monotonic()
                self.lines += [(moment, line) for line in whole]
                if last:
                    return
                self._over.wait(_LOOK_SECONDS)

    def stop(self) -> None:
        self._over.set()
        self.join()


def measured(environment: str) -> dict[str, Any]:
    """Run `python -m tools.local up`, which destroys what it made. Raises CalledProcessError when that fails."""
    log = running.folder(environment) / "deploy.log"
    log.unlink(missing_ok=True)
    follower = _Follower(log)
    follower.start()
    try:
        done = measure.run([sys.executable, "-m", "tools.local", "up", "--env", environment])
    except subprocess.CalledProcessError as error:
        print(error.stdout, file=sys.stderr)
        raise
    finally:
        follower.stop()
    found = [match for line in done.output.splitlines() if (match := _PHASE.match(line))]
    needs = {stack.name: stack.needs for stack in stacks.find(environment)}
    times = waits.read(follower.lines, needs)
    begun = min(stack.first_line for stack in times.values())
    return {
        "environment": environment,
        "seconds": round(done.seconds, 1),
        "processor": round(done.processor, 1),
        "phases": [{"title": match["title"], "seconds": float(match["seconds"])} for match in found],
        "stacks": [
            {
                "stack": share.stack,
                "seconds": round(share.seconds, 1),
                "applying": round(share.applying, 1),
                "waiting": round(share.waiting, 1),
            }
            for share in waits.shares(times, needs)
        ],
        "deployment": {
            "seconds": round(max(stack.complete for stack in times.values()) - begun, 1),
            "waiting": round(waits.whole(times), 1),
        },
        "pauses": {type_: round(seconds, 1) for type_, seconds in waits.pauses(times).items()},
    }


def page(values: dict[str, Any]) -> list[str]:
    """The tables of docs/benchmarks.md."""
    lines = [
        f"`python -m tools.local up --env {values['environment']}`: {values['seconds']:.0f} s; "
        f"the processors worked {values['processor']:.0f} s in all.",
        "",
        "| phase | time |",
        "|---|---|",
        *(f"| {phase['title']} | {phase['seconds']:.1f} s |" for phase in values["phases"]),
        "",
        "| stack | from when it could begin | of which creating | of which the provider pauses | ratio |",
        "|---|---|---|---|---|",
    ]
    for row in values["stacks"]:
        lines.append(
            f"| {row['stack']} | {row['seconds']:.1f} s | {row['applying']:.1f} s | {row['waiting']:.1f} s "
            f"| {_ratio(row)} |"
        )
    deployment = values["deployment"]
    known = ", ".join(f"{type_} {seconds:.0f}" for type_, seconds in values["pauses"].items())
    return [
        *lines,
        f"| all, as they overlap | {deployment['seconds']:.1f} s | | {deployment['waiting']:.1f} s "
        f"| **{_ratio(deployment)}** |",
        "",
        f"The provider's pauses, in seconds: {known}.",
    ]


def _ratio(row: dict[str, Any]) -> str:
    return f"{row['waiting'] / row['seconds']:.2f}" if row["seconds"] else "-"
