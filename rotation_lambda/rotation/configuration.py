"""The function's settings, from its environment variables, and the deadline of one invocation.

None of them can weaken TLS or choose another certificate authority.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping
from math import log2
from typing import NamedTuple

from rotation.errors import ConfigurationError, OutOfTimeError

DEFAULT_EXCLUDED = "\"'`\\/@:;%&?#$^!*+=,<>|(){}[]"
"""Characters that need quoting in a URL, a connection string, a shell or JSON; leaves `-._~`."""

MINIMUM_PASSWORD_BITS = 96
"""Out of reach of guessing even for someone who has stolen the verifier."""

MAXIMUM_PASSWORD_LENGTH = 128
"""Clients and poolers cut longer passwords off."""

RESERVE_SECONDS = 1.0
"""Kept for closing connections and writing the log record."""

_CLASSES = {
    "EXCLUDE_LOWERCASE": string.ascii_lowercase,
    "EXCLUDE_UPPERCASE": string.ascii_uppercase,
    "EXCLUDE_NUMBERS": string.digits,
    "EXCLUDE_PUNCTUATION": string.punctuation,
}


class Configuration(NamedTuple):
    """Validated settings; times in seconds. The variables' names for passwords are those of AWS's own
    functions.
    """

    password_length: int = 32
    password_classes: tuple[str, ...] = ()
    """The characters of each class of which a password must hold at least one."""
    connect_timeout: int = 5
    statement_timeout: int = 10
    lock_timeout: int = 5

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Configuration:
        """Read and check all variables; one `ConfigurationError` names every variable that is wrong."""
        faults: list[str] = []
        length = _number(environment, "PASSWORD_LENGTH", 32, 12, MAXIMUM_PASSWORD_LENGTH, faults)
        excluded = environment.get("EXCLUDE_CHARACTERS", DEFAULT_EXCLUDED)
        classes = []
        for name, characters in _CLASSES.items():
            if _switch(environment, name, faults):
                continue
            left = "".join(character for character in characters if character not in excluded)
            if left:
                classes.append(left)
            else:
                faults.append(
                    f"EXCLUDE_CHARACTERS leaves nothing of a class of characters; set {name} to true if meant"
                )
        pool = len("".join(classes))
        if pool < 2 or length * log2(pool) < MINIMUM_PASSWORD_BITS:
            faults.append(
                f"PASSWORD_LENGTH {length} with the {pool} characters that the EXCLUDE_ variables leave is "
                f"too easy to guess ({MINIMUM_PASSWORD_BITS} bits are needed)"
            )
        configuration = cls(
            password_length=length,
            password_classes=tuple(classes),
            connect_timeout=_number(environment, "CONNECT_TIMEOUT_SECONDS", 5, 2, 60, faults),
            statement_timeout=_number(environment, "STATEMENT_TIMEOUT_SECONDS", 10, 1, 300, faults),
            lock_timeout=_number(environment, "LOCK_TIMEOUT_SECONDS", 5, 1, 300, faults),
        )
        if faults:
            raise ConfigurationError("; ".join(faults))
        return configuration


class Deadline:
    """The time left in this invocation, in seconds, less a reserve."""

    def __init__(self, remaining_milliseconds: Callable[[], int]) -> None:
        self._remaining = remaining_milliseconds

    def seconds(self) -> float:
        """Seconds that may still be used; zero when there are none."""
        return max(0.0, self._remaining() / 1000 - RESERVE_SECONDS)

    def require(self, seconds: float, purpose: str) -> None:
        """Raise `OutOfTimeError` when less than `seconds` are left for `purpose`."""
        left = self.seconds()
        if left < seconds:
            raise OutOfTimeError(f"{left:.1f} seconds are left, {purpose} may need {seconds:.1f}")

    def at_most(self, seconds: int) -> int:
        """`seconds`, or the whole seconds left when those are fewer; never below one."""
        return max(1, min(seconds, int(self.seconds())))


def _number(environment: Mapping[str, str], name: str, default: int, low: int, high: int, faults: list[str]) -> int:
    text = environment.get(name, str(default))
    if text.isascii() and text.isdigit() and len(text) < 7 and low <= int(text) <= high:
        return int(text)
    faults.append(f"{name} is {text[:40]!r}, allowed are whole numbers from {low} to {high}")
    return default


def _switch(environment: Mapping[str, str], name: str, faults: list[str]) -> bool:
    text = environment.get(name, "false").lower()
    if text not in ("true", "false"):
        faults.append(f"{name} is {text[:40]!r}, allowed are true and false")
    return text == "true"
