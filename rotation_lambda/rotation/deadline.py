"""The time of one invocation: how much is left, and waits that end within it."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeVar

from rotation.errors import OutOfTimeError

RESERVE_SECONDS = 2.0
"""Kept for closing connections and writing the log record."""

FIRST_PAUSE_SECONDS = 0.2

WAITING = "waiting"
"""The name of the threads in which the function waits."""

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Deadline:
    """The time left in this invocation, in seconds, less a reserve. `_pause` sleeps; tests replace it."""

    _remaining_milliseconds: Callable[[], int]
    _pause: Callable[[float], None] = time.sleep

    def seconds(self) -> float:
        """Seconds that may still be used; zero when there are none."""
        return max(0.0, self._remaining_milliseconds() / 1000 - RESERVE_SECONDS)

    def require(self, seconds: float, purpose: str) -> None:
        """Raise `OutOfTimeError` when less than `seconds` are left for `purpose`."""
        left = self.seconds()
        if left < seconds:
            raise OutOfTimeError(f"{left:.1f} seconds are left, {purpose} may need {seconds:.1f}")

    def wait(self, attempt: int, *, longest: float, keep: float = FIRST_PAUSE_SECONDS) -> bool:
        """Pause before attempt number `attempt + 1`, longer each time and jittered, at most `longest` seconds; False
        when that would leave less than `keep`.
        """
        pause = min(longest, FIRST_PAUSE_SECONDS * 2 ** (attempt - 1)) * random.uniform(0.5, 1.0)
        if self.seconds() < pause + keep:
            return False
        self._pause(pause)
        return True


def within(seconds: float, action: Callable[[], Answer]) -> Answer:
    """What `action` answers or raises; `TimeoutError` when that takes more than `seconds`.

    It runs in a thread of its own, because nothing of Python can end a wait inside libpq or the resolver. One that is
    late is left alone; what it answers in the end is dropped, and a connection is closed by that.
    """
    future: Future[Answer] = Future()

    def act() -> None:
        try:
            future.set_result(action())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=act, name=WAITING, daemon=True).start()
    return future.result(timeout=seconds)
