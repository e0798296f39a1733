"""Backup and maintenance windows as spans of minutes in a week that begins on Monday, 00:00 UTC."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from settings.broken import Broken

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = 24 * 60
_WEEK = 7 * DAY


@dataclass(frozen=True)
class Window:
    """`length` minutes from the minute `start` on; it may run over midnight or into the next week."""

    start: int
    length: int

    def overlaps(self, other: Window) -> bool:
        """Whether the two share a minute of the week."""
        return (other.start - self.start) % _WEEK < self.length or (self.start - other.start) % _WEEK < other.length


def daily(text: str) -> tuple[Window, ...]:
    """`hh:mm-hh:mm` on each of the seven days."""
    start, end = map(_minute, text.split("-"))
    return tuple(Window(day * DAY + start, (end - start) % DAY) for day in range(7))


def weekly(text: str) -> Window:
    """`ddd:hh:mm-ddd:hh:mm`."""
    start, end = (_DAYS.index(moment[:3]) * DAY + _minute(moment[4:]) for moment in text.split("-"))
    return Window(start, (end - start) % _WEEK)


def _minute(time: str) -> int:
    hours, minutes = time.split(":")
    return int(hours) * 60 + int(minutes)


def conflicts(part: str, backup_key: str, backup: str, maintenance: str, *, minutes: int) -> Iterator[Broken]:
    """AWS refuses short and overlapping windows. A maintenance window over 24 hours has its start and end swapped."""
    copies, changes = daily(backup), weekly(maintenance)
    if copies[0].length < minutes:
        yield Broken(f"{part}.{backup_key}", backup, f"{minutes} minutes or more", "make it longer")
    if not minutes <= changes.length <= DAY:
        yield Broken(
            f"{part}.maintenance_window",
            maintenance,
            f"from {minutes} minutes to 24 hours",
            "correct the start or the end",
        )
    elif any(copy.overlaps(changes) for copy in copies):
        yield Broken(
            f"{part}.maintenance_window",
            maintenance,
            f"a window that does not overlap {backup_key} = {backup}",
            "move one of the two",
        )
