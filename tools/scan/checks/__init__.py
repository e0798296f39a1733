"""The project's own checks: the comparison with the allow-list, and what a list cannot say. `ALL` is every one."""

from __future__ import annotations

from tools.scan import compare
from tools.scan.checks import alarms, answers, companions, passwords, routes, texts
from tools.scan.checks.check import Check

_LISTED = Check("ALLOWED", "The platform consists of what is listed, and of nothing else", (), (), compare.findings)
ALL: tuple[Check, ...] = (
    _LISTED, *routes.CHECKS, *answers.CHECKS, *companions.CHECKS, *passwords.CHECKS, *texts.CHECKS, *alarms.CHECKS,
)  # fmt: skip
