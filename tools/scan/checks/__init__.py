"""The project's own checks: what checkov cannot see. `ALL` is every one of them, in the order of the report."""

from __future__ import annotations

from tools.scan.checks import access, api, companions, containers, network, passwords, settings, statements
from tools.scan.checks.check import Check

ALL: tuple[Check, ...] = (
    *settings.CHECKS,
    *network.CHECKS,
    *access.CHECKS,
    *statements.CHECKS,
    *companions.CHECKS,
    *api.CHECKS,
    *containers.CHECKS,
    *passwords.CHECKS,
)
