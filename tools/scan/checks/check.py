"""What a check is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tools.synthesized.platform import Platform
from tools.synthesized.resources import Finding


@dataclass(frozen=True)
class Check:
    """One demand on a platform, or only on those of the production tier.

    `types` are the resource types whose resources prove it, `pci` the requirements that it serves.
    """

    id: str
    claim: str
    pci: tuple[str, ...]
    types: tuple[str, ...]
    run: Callable[[Platform], Iterator[Finding]]
    production: bool = False
