"""Shows what a long phase is doing: a moving line in a terminal, a line every 20 s elsewhere; everything in a log."""

from __future__ import annotations

import re
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.text import Text

_EVERY_SECONDS = 20.0
_MOVES_EVERY_SECONDS = 1.0
_TAIL_LINES = 60
_DONE = re.compile(r"(Creation|Modifications|Destruction) complete after")


class Phase:
    """One phase of a run; `line` takes the output of the tools at work, from any thread.

    It says how long it has been running by a clock of its own, whether lines come or not. A phase that fails shows the
    end of its log, unless its error says it all (`tail=False`).
    """

    def __init__(self, console: Console, title: str, log: Path, *, tail: bool = True) -> None:
        self._console = console
        self._title = title
        self._log_path = log
        self._tail = tail
        self._done = 0
        self._expected = 0
        self._detail = ""
        self._started = time.monotonic()
        self._busy = threading.Lock()
        self._ended = threading.Event()
        self._clock = threading.Thread(target=self._tick, daemon=True)

    def expect(self, resources: int) -> None:
        """Say how many resources the whole phase makes or destroys; Terraform knows it only stack by stack."""
        self._expected = resources
        self._count()

    def line(self, text: str) -> None:
        """Take one line of output."""
        with self._busy:
            self._log.write(f"{text}\n")
            self._log.flush()
            if not _DONE.search(text):
                return
            self._done += 1
        self._count()

    def _count(self) -> None:
        self.detail(f"{self._done} of {self._expected} resources" if self._expected else f"{self._done} resources")

    def detail(self, text: str) -> None:
        """Say what is being done now."""
        self._detail = text
        if self._status is not None:
            self._status.update(self._text())

    def _tick(self) -> None:
        while not self._ended.wait(_EVERY_SECONDS if self._status is None else _MOVES_EVERY_SECONDS):
            if self._status is not None:
                self._status.update(self._text())
            else:
                self._console.print(Text("  ... ").append_text(self._text()))

    def _text(self) -> Text:
        """No text of a tool is markup of the terminal."""
        seconds = time.monotonic() - self._started
        return Text(f"{self._title} ({seconds:.0f} s) {self._detail}".rstrip())

    def __enter__(self) -> Self:
        self._log = self._log_path.open("w", encoding="utf-8")
        self._status = self._console.status(Text(self._title)) if self._console.is_terminal else None
        if self._status is not None:
            self._status.start()
        self._clock.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._clock.join()
        if self._status is not None:
            self._status.stop()
        self._log.close()
        mark = "done  " if kind is None else "FAILED"
        detail = f": {self._detail}" if self._detail else ""
        seconds = time.monotonic() - self._started
        self._console.print(Text(f"{mark} {seconds:6.1f} s  {self._title}{detail}"))
        if kind is not None and issubclass(kind, Exception):
            lines = self._log_path.read_text(encoding="utf-8").splitlines() if self._tail else []
            print(*lines[-_TAIL_LINES:], f"(the whole log: {self._log_path})", sep="\n", file=sys.stderr)


class Progress:
    """Makes phases that log into one folder."""

    def __init__(self, folder: Path) -> None:
        self.console = Console(soft_wrap=True, markup=False, emoji=False)
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def phase(self, title: str, log: str, *, tail: bool = True) -> Iterator[Phase]:
        """Run a phase that logs into `<log>.log`."""
        with Phase(self.console, title, self._folder / f"{log}.log", tail=tail) as phase:
            yield phase
