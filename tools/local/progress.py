"""Shows what a long phase is doing: a moving line in a terminal, a line every 20 s elsewhere; everything in a log."""

from __future__ import annotations

import re
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.text import Text

_EVERY_SECONDS = 20.0
_TAIL_LINES = 60
_DONE = re.compile(r"(Creation|Modifications|Destruction) complete after")


@dataclass
class Phase:
    """One phase of a run; `line` takes the output of the tools at work, from any thread."""

    title: str
    log: TextIO
    said: str = ""
    _done: int = 0
    _of: str = ""
    _started: float = field(default_factory=time.monotonic)
    _busy: threading.Lock = field(default_factory=threading.Lock)

    def expect(self, resources: int) -> None:
        """Say how many resources the whole phase makes or destroys; Terraform knows it only stack by stack."""
        self._of = f" of {resources}"
        self._count()

    def line(self, text: str) -> None:
        """Take one line of output."""
        with self._busy:
            self.log.write(f"{text}\n")
            self.log.flush()
            if _DONE.search(text):
                self._done += 1
                self._count()

    def _count(self) -> None:
        self.detail(f"{self._done}{self._of} resources")

    def detail(self, text: str) -> None:
        """Say what is being done now."""
        self.said = text

    @property
    def seconds(self) -> float:
        """How long it has been running."""
        return time.monotonic() - self._started

    def __rich__(self) -> Text:
        """No text of a tool is markup of the terminal."""
        return Text(f"{self.title} ({self.seconds:.0f} s) {self.said}".rstrip())


class Progress:
    """Makes phases that log into one folder."""

    def __init__(self, folder: Path) -> None:
        self.console = Console(soft_wrap=True, markup=False, emoji=False)
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def phase(self, title: str, log: str, *, tail: bool = True) -> Iterator[Phase]:
        """Run a phase that logs into `<log>.log`.

        It says how long it has been running by a clock of its own, whether lines come or not. One that fails shows the
        end of its log, unless its error says it all (`tail=False`).
        """
        path = self._folder / f"{log}.log"
        mark, ended = "FAILED", threading.Event()
        with path.open("w", encoding="utf-8") as file:
            phase = Phase(title, file)

            def tell() -> None:
                while not ended.wait(_EVERY_SECONDS):
                    self.console.print(Text("  ... ").append_text(phase.__rich__()))

            clock = threading.Thread(target=tell, daemon=True)
            try:
                if not self.console.is_terminal:
                    clock.start()
                # rich draws a status anew several times a second.
                with self.console.status(phase) if self.console.is_terminal else nullcontext():
                    yield phase
                mark = "done  "
            except Exception:
                file.flush()
                lines = path.read_text(encoding="utf-8").splitlines()[-_TAIL_LINES:] if tail else []
                print(*lines, f"(the whole log: {path})", sep="\n", file=sys.stderr)
                raise
            finally:
                ended.set()
                detail = f": {phase.said}" if phase.said else ""
                self.console.print(Text(f"{mark} {phase.seconds:6.1f} s  {title}{detail}"))
