"""The project's own checks.

`OWN` are those that run: the comparison with the allow-list, and what a list cannot say. `ALL` are what a page or a
test may ask about one by one: the same, with a check for each line of the allow-list that is evidence.
"""

from __future__ import annotations

from tools.scan.checks import companions, listed, passwords, routes
from tools.scan.checks.check import Check

_BEYOND: tuple[Check, ...] = (*routes.CHECKS, *companions.CHECKS, *passwords.CHECKS)
OWN: tuple[Check, ...] = (listed.COMPARISON, *_BEYOND)
ALL: tuple[Check, ...] = (*listed.CHECKS, *_BEYOND)
