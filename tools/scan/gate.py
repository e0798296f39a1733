"""Joins findings with the reasons beside their resources; what is left fails the scan."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from tools.scan import paths, scanners, values
from tools.scan.checks import ALL
from tools.synthesized.platform import Platform
from tools.synthesized.resources import Finding, Resource
from tools.synthesized.values import lookup

# A reason is read by somebody who was not there.
_SHORTEST_REASON = 15
# Findings that a reason beside the resource may accept. The project's own have the allow-list, which a reviewer keeps.
_OF_OTHERS = ("CKV", "PARLIAMENT")


@dataclass(frozen=True)
class Accepted:
    """A finding and why it may be so."""

    finding: Finding
    reason: str


@dataclass(frozen=True)
class Verdict:
    """What the scan says. `shells` are the production environments in whose tasks one may be opened."""

    resources: int
    failures: tuple[Finding, ...]
    accepted: tuple[Accepted, ...]
    shells: tuple[str, ...] = ()

    @property
    def passes(self) -> bool:
        """Nothing is left to answer for."""
        return not self.failures


def own_findings(platform: Platform) -> list[Finding]:
    """What the project's own checks find."""
    return [finding for check in ALL for finding in check.run(platform)]


def scan(platforms: Sequence[Platform]) -> Verdict:
    """Every check on every environment. Raises InputError when something could not be looked at."""
    with ThreadPoolExecutor(max_workers=1) as pool:  # the scanners are a process of their own
        others = pool.submit(scanners.run, platforms)
        findings = [finding for platform in platforms for finding in own_findings(platform)]
        findings += [*paths.run(platforms), *values.run(platforms)]
        return judge(platforms, [*findings, *others.result()])


def judge(platforms: Sequence[Platform], findings: Iterable[Finding]) -> Verdict:
    """Findings without a reason, reasons without a finding, and reasons that say nothing or accept anything."""
    found: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for finding in findings:
        found[finding.stack, finding.address].append(finding)
    failures: list[Finding] = []
    accepted: list[Accepted] = []
    resources = [resource for platform in platforms for resource in platform.resources]
    for resource in resources:
        here = found.pop((resource.stack, resource.address), [])
        faults = {key: list(_faults(resource, key, entry)) for key, entry in resource.accepted.items()}
        for finding in here:
            if finding.key in faults and not faults[finding.key]:
                accepted.append(Accepted(finding, resource.accepted[finding.key]["reason"]))
            else:
                failures.append(finding)
        failures += [fault for each in faults.values() for fault in each]
        for key in faults.keys() - {finding.key for finding in here}:
            failures.append(resource.finding("REASON_STALE", f"{key} finds nothing here any more: take it away"))
    failures += [finding for left in found.values() for finding in left]  # of backends, providers, what is missing
    unique = sorted(set(failures), key=lambda f: (f.stack, f.address, f.check, f.part, f.message))
    shells = (p.name for p in platforms if p.tier == "production" and any(map(_has_shell, p.all("aws_ecs_service"))))
    return Verdict(len(resources), tuple(unique), tuple(accepted), tuple(shells))


def _has_shell(service: Resource) -> bool:
    return bool(service.values.get("enable_execute_command"))


def _faults(resource: Resource, key: str, entry: Any) -> Iterator[Finding]:
    """Why a reason does not count."""
    reason, values = (entry.get("reason"), entry.get("values")) if isinstance(entry, dict) else (entry, None)
    if not isinstance(reason, str) or len(reason.strip()) < _SHORTEST_REASON:
        yield resource.finding("REASON_EMPTY", f"{key}: say why it may be so")
    if not key.startswith(_OF_OTHERS):
        yield resource.finding("REASON_OWN", f"{key}: nothing accepts it but a line of tools/scan/allowed; correct it")
    if not values:
        yield resource.finding("REASON_VALUE", f"{key}: name the values that are accepted (modules/common/accept.py)")
    for path, wanted in (values or {}).items():
        if (now := _value(resource, key.partition(" ")[2], path)) != wanted:
            message = f"{key}: {path} is {json.dumps(now)}, and {json.dumps(wanted)} was accepted"
            yield resource.finding("REASON_VALUE", message, path)


def _value(resource: Resource, part: str, path: str) -> Any:
    """What is at a dotted path of a resource, or of the statement that `part` names."""
    statements = [statement.body for statement in resource.statements if statement.label == part]
    found = lookup(statements or resource.arguments, path)
    values = [value for each in found for value in (each if isinstance(each, list) else [each])]
    return "absent" if not values else values[0] if len(values) == 1 else values
