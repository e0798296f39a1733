"""Everything secret that the suite has seen, and everything in which it must not stand."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field

SHORTEST = 8
"""Characters of a secret that is looked for."""

STRIDE = 4
PIECE = SHORTEST - STRIDE + 1


@dataclass
class Leaks:
    """Secrets and evidence of the whole session."""

    secrets: set[str] = field(default_factory=set)
    evidence: list[tuple[str, str]] = field(default_factory=list)
    """Where a text came from, and the text."""
    collectors: list[Callable[[], None]] = field(default_factory=list)
    """Add the logs and views of the servers that still run."""

    def add_document(self, text: str) -> None:
        """Remember the password in a secret's JSON."""
        try:
            password = json.loads(text).get("password")
        except (ValueError, AttributeError, RecursionError):
            return
        if isinstance(password, str):
            self.add(password)

    def add(self, value: str) -> None:
        """Remember a secret. Very short ones, made by tests of odd passwords, would be found by chance."""
        if len(value) >= SHORTEST:
            self.secrets.add(value)

    def add_error(self, error: BaseException) -> None:
        """Keep an exception as Lambda would print it, and everything chained to it."""
        seen: BaseException | None = error
        while seen is not None:
            self.evidence.append(("exception", "".join(traceback.format_exception(seen)) + repr(seen.args)))
            seen = seen.__cause__ or seen.__context__

    def found(self) -> list[str]:
        """Descriptions of every secret found in any evidence, also as JSON escapes it, without the secret.

        Thousands of secrets in megabytes of logs: one is compared only where its first characters stand, and
        those are looked for at every fourth place only, where one of their pieces must begin.
        """
        beginnings: dict[str, set[str]] = {}
        pieces: dict[str, set[int]] = {}
        for secret in self.secrets:
            for form in (secret, json.dumps(secret)[1:-1]):
                beginnings.setdefault(form[:SHORTEST], set()).add(form)
                for start in range(STRIDE):
                    pieces.setdefault(form[start : start + PIECE], set()).add(start)
        return sorted(
            {
                f"{source}: a secret of {len(form)} characters"
                for source, text in set(self.evidence)
                for position in range(0, len(text), STRIDE)
                if (piece := text[position : position + PIECE]) in pieces
                for start in pieces[piece]
                if position >= start
                for form in beginnings.get(text[position - start : position - start + SHORTEST], ())
                if text.startswith(form, position - start)
            }
        )
