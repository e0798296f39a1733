"""A local deployment of one environment, stack by stack, beside the pauses that the AWS provider makes by itself."""

from __future__ import annotations

import re
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from tools.bench import measure, waits
from tools.local import running
from tools.synthesized import stacks

_ENVIRONMENT = "iot-dev"
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


def report() -> tuple[list[str], list[str]]:
    """Run `python -m tools.local up`, which destroys what it made. The tables; there is no limit."""
    log = running.folder(_ENVIRONMENT) / "deploy.log"
    log.unlink(missing_ok=True)
    follower = _Follower(log)
    follower.start()
    try:
        done = measure.run([sys.executable, "-m", "tools.local", "up", "--env", _ENVIRONMENT])
    finally:
        follower.stop()
    needs = {stack.name: stack.needs for stack in stacks.find(_ENVIRONMENT)}
    return [
        f"`python -m tools.local up --env {_ENVIRONMENT}`: {done.seconds:.0f} s; "
        f"the processors worked {done.processor:.0f} s in all.",
        "",
        *phases(done.output),
        "",
        *pauses(waits.read(follower.lines, needs), needs),
    ], []


def phases(output: str) -> list[str]:
    """How long each took, from what the command prints."""
    found = [match for line in output.splitlines() if (match := _PHASE.match(line))]
    return ["| phase | time |", "|---|---|", *(f"| {match['title']} | {match['seconds']} s |" for match in found)]


def pauses(times: Mapping[str, waits.StackTimes], needs: Mapping[str, Iterable[str]]) -> list[str]:
    """How long each stack took, and how much of that the provider paused."""
    lines = [
        "| stack | from when it could begin | of which creating | of which the provider pauses | ratio |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {share.stack} | {share.seconds:.1f} s | {share.applying:.1f} s | {share.waiting:.1f} s "
        f"| {_ratio(share.waiting, share.seconds)} |"
        for share in waits.shares(times, needs)
    ]
    seconds = max(stack.complete for stack in times.values()) - min(stack.first_line for stack in times.values())
    waiting = waits.whole(times)
    known = ", ".join(f"{type_} {pause:.0f}" for type_, pause in waits.pauses(times).items())
    return [
        *lines,
        f"| all, as they overlap | {seconds:.1f} s | | {waiting:.1f} s | {_ratio(waiting, seconds)} |",
        "",
        f"The provider's pauses, in seconds: {known}.",
    ]


def _ratio(waiting: float, seconds: float) -> str:
    return f"{waiting / seconds:.2f}" if seconds else "-"
