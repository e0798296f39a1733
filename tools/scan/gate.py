"""Joins findings with the reasons beside their resources; what is left fails the scan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tools.scan import scanners
from tools.scan.checks import ALL
from tools.synthesized.platform import Platform
from tools.synthesized.resources import Finding

# A reason is read by somebody who was not there.
_SHORTEST_REASON = 15


@dataclass(frozen=True)
class Accepted:
    """A finding and why it may be so."""

    finding: Finding
    reason: str


@dataclass(frozen=True)
class Verdict:
    """What the scan says."""

    resources: int
    failures: tuple[Finding, ...]
    accepted: tuple[Accepted, ...]

    @property
    def passes(self) -> bool:
        """Nothing is left to answer for."""
        return not self.failures


def own_findings(platform: Platform) -> list[Finding]:
    """What the project's own checks find."""
    return [finding for check in ALL for finding in check.run(platform)]


def scan(platforms: Sequence[Platform]) -> Verdict:
    """Every check on every environment. Raises InputError when something could not be looked at."""
    findings = [finding for platform in platforms for finding in own_findings(platform)]
    return judge(platforms, [*findings, *scanners.run(platforms)])


def judge(platforms: Sequence[Platform], findings: Iterable[Finding]) -> Verdict:
    """Findings without a reason, reasons without a finding, and reasons that say nothing."""
    found: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for finding in findings:
        found[finding.stack, finding.address].append(finding)
    failures: list[Finding] = []
    accepted: list[Accepted] = []
    resources = [resource for platform in platforms for resource in platform.resources]
    for resource in resources:
        here = found.pop((resource.stack, resource.address), [])
        for finding in here:
            if reason := resource.reasons.get(finding.key):
                accepted.append(Accepted(finding, reason))
            else:
                failures.append(finding)
        for key, reason in resource.reasons.items():
            if key not in {finding.key for finding in here}:
                failures.append(resource.finding("REASON_STALE", f"{key} finds nothing here any more: take it away"))
            if not isinstance(reason, str) or len(reason.strip()) < _SHORTEST_REASON:
                failures.append(resource.finding("REASON_EMPTY", f"{key}: say why it may be so"))
    failures += [finding for left in found.values() for finding in left]  # of backends, providers, outputs
    unique = sorted(set(failures), key=lambda f: (f.stack, f.address, f.check, f.part, f.message))
    return Verdict(len(resources), tuple(unique), tuple(accepted))
