"""Shows what a long phase is doing: a living line per stack in a terminal; elsewhere one when a stack begins and one
when it ends. Everything is in a log.
"""

from __future__ import annotations

import re
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

_TAIL_LINES = 60
_BEGUN = re.compile(r": (Creating|Modifying|Destroying)\.\.\.|: Planning$")
_DONE = re.compile(r"(Creation|Modifications|Destruction) complete after")
_ENDED = re.compile(r"(Apply|Destroy) complete!|: (Planned|Rehearsed), ")


@dataclass
class _Stack:
    """How far a phase is with one stack."""

    name: str
    resources: int
    done: int = 0
    began: float = 0.0
    took: float = 0.0

    def __str__(self) -> str:
        seconds = self.took or (self.began and time.monotonic() - self.began)
        state = "done   " if self.took else "working" if self.began else "waiting"
        count = f": {self.done} of {self.resources} resources" if self.resources else ""
        return f"  {state} {seconds:6.1f} s  {self.name}{count}"


@dataclass
class Phase:
    """One phase of a run; `line` takes the output of the tools at work, from any thread."""

    title: str
    log: TextIO
    tell: Callable[[str], None]
    said: str = ""
    _stacks: dict[str, _Stack] = field(default_factory=dict)
    _last: str = ""
    _done: int = 0
    _started: float = field(default_factory=time.monotonic)
    _busy: threading.Lock = field(default_factory=threading.Lock)

    def expect(self, sizes: Mapping[str, int]) -> None:
        """Say with which stacks the phase deals, and how many resources of each it makes or destroys, 0 if unknown."""
        self._stacks = {name: _Stack(name, resources) for name, resources in sizes.items()}
        self._count()

    def line(self, text: str) -> None:
        """Take one line of output: "stack: text", or the cdktf CLI's, which names a stack once for several lines."""
        with self._busy:
            self.log.write(f"{text}\n")
            self.log.flush()
            head = text.partition(" ")[0]
            self._last = head if head in self._stacks else self._last
            if _DONE.search(text):
                self._done += 1
                self._count()
            if stack := self._stacks.get(head.removesuffix(":")) or self._stacks.get(self._last):
                self._follow(stack, text)

    def _follow(self, stack: _Stack, text: str) -> None:
        stack.done += bool(_DONE.search(text))
        if _BEGUN.search(text) and not stack.began:
            stack.began = time.monotonic()
            self.tell(f"  begin             {stack.name}")
        if _ENDED.search(text) and not stack.took:
            stack.began = stack.began or time.monotonic()  # what has no resource begins with its end
            stack.took = max(time.monotonic() - stack.began, 0.1)
            self.tell(str(stack))

    def _count(self) -> None:
        coming = sum(stack.resources for stack in self._stacks.values())
        self.detail(f"{self._done} of {coming} resources" if coming else f"{self._done} resources")

    def detail(self, text: str) -> None:
        """Say what is being done now."""
        self.said = text

    @property
    def seconds(self) -> float:
        """How long it has been running."""
        return time.monotonic() - self._started

    def __rich__(self) -> Group:
        """No text of a tool is markup of the terminal."""
        title = f"{self.title} ({self.seconds:.0f} s) {self.said}".rstrip()
        return Group(Text(title), *(Text(str(stack)) for stack in self._stacks.values()))


class Progress:
    """Makes phases that log into one folder."""

    def __init__(self, folder: Path) -> None:
        self.console = Console(soft_wrap=True, markup=False, emoji=False)
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def phase(self, title: str, log: str, *, tail: bool = True) -> Iterator[Phase]:
        """Run a phase that logs into `<log>.log`.

        One that fails shows the end of its log, unless its error says it all (`tail=False`).
        """
        path, mark = self._folder / f"{log}.log", "FAILED"
        with path.open("w", encoding="utf-8") as file:
            terminal = self.console.is_terminal
            phase = Phase(title, file, (lambda _: None) if terminal else self._tell)
            try:
                with Live(phase, console=self.console, transient=True) if terminal else nullcontext():
                    yield phase
                mark = "done  "
            except Exception:
                file.flush()
                lines = path.read_text(encoding="utf-8").splitlines()[-_TAIL_LINES:] if tail else []
                print(*lines, f"(the whole log: {path})", sep="\n", file=sys.stderr)
                raise
            finally:
                detail = f": {phase.said}" if phase.said else ""
                self._tell(f"{mark} {phase.seconds:6.1f} s  {title}{detail}")

    def _tell(self, text: str) -> None:
        self.console.print(Text(text))
