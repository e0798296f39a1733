"""Shows what a long phase is doing: a moving line in a terminal, a line now and then elsewhere; the whole in a log."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console

_EVERY_SECONDS = 20.0
_TAIL_LINES = 60
_DONE = re.compile(r"(Creation|Modifications|Destruction) complete after")
_PLANNED = re.compile(r"Plan: (\d+) to add, (\d+) to change, (\d+) to destroy")


class Phase:
    """One phase of a run; `line` takes the output of the tool at work."""

    def __init__(self, console: Console, title: str, log: Path) -> None:
        self._console = console
        self._title = title
        self._log_path = log
        self._done = 0
        self._planned = 0
        self._detail = ""
        self._started = time.monotonic()
        self._said = self._started

    def line(self, text: str) -> None:
        """Take one line of output."""
        self._log.write(f"{text}\n")
        self._log.flush()
        if planned := _PLANNED.search(text):
            self._planned += sum(map(int, planned.groups()))
        self._done += bool(_DONE.search(text))
        self.detail(f"{self._done} of {self._planned} resources" if self._planned else "")

    def detail(self, text: str) -> None:
        """Say what is being done now."""
        self._detail = text
        if self._status is not None:
            self._status.update(self._text())
        elif time.monotonic() - self._said >= _EVERY_SECONDS:
            self._said = time.monotonic()
            self._console.print(f"  ... {self._text()}")

    def _text(self) -> str:
        seconds = time.monotonic() - self._started
        return f"{self._title} ({seconds:.0f} s) {self._detail}".rstrip()

    def __enter__(self) -> Self:
        self._log = self._log_path.open("w", encoding="utf-8")
        self._status = self._console.status(self._title) if self._console.is_terminal else None
        if self._status is not None:
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status is not None:
            self._status.stop()
        self._log.close()
        mark = "done  " if kind is None else "FAILED"
        detail = f": {self._detail}" if self._detail else ""
        self._console.print(f"{mark} {time.monotonic() - self._started:6.1f} s  {self._title}{detail}", highlight=False)
        if kind is not None and issubclass(kind, Exception):
            tail = self._log_path.read_text(encoding="utf-8").splitlines()[-_TAIL_LINES:]
            print(*tail, f"(the whole log: {self._log_path})", sep="\n", file=sys.stderr)


class Progress:
    """Makes phases that log into one folder."""

    def __init__(self, folder: Path) -> None:
        self.console = Console(soft_wrap=True)
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def phase(self, title: str, log: str) -> Iterator[Phase]:
        """Run a phase that logs into `<log>.log`."""
        with Phase(self.console, title, self._folder / f"{log}.log") as phase:
            yield phase
