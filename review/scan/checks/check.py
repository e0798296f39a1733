"""What a check is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from review.scan.estate import Finding, Platform


@dataclass(frozen=True)
class Check:
    """One demand on a platform. `types` are the resource types whose resources prove it, `pci` the requirements."""

    id: str
    claim: str
    pci: tuple[str, ...]
    types: tuple[str, ...]
    run: Callable[[Platform], Iterator[Finding]]
