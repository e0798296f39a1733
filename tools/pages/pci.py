"""`docs/pci-dss.md`: requirement, what must hold for it, in how many resources it does, and the check that proves it.

Written from the checks and the synthesized JSON, so that it claims nothing which the gate does not hold.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from tools.scan.checks import ALL
from tools.scan.checks.check import Check
from tools.synthesized.errors import ToolError
from tools.synthesized.platform import Platform

# What a requirement of PCI DSS v4.0.1 is about, in the words of this project.
REQUIREMENTS = {
    "1.2.5": "Every open port has a reason",
    "1.3": "Who may reach what",
    "1.3.1": "Ways in",
    "1.3.2": "Ways out",
    "1.4": "Borders of the network",
    "1.4.4": "What holds data is not reachable from outside",
    "2.2": "Nothing runs that is not needed",
    "2.2.1": "Settings of our own, not defaults",
    "2.2.2": "Default accounts are off",
    "2.2.4": "Only necessary functions",
    "3.3": "Sensitive data is not written down",
    "3.4": "Card numbers are not shown",
    "3.5": "Stored data is unreadable without its key",
    "3.6": "Keys are protected",
    "3.6.1": "Who may use a key",
    "3.7": "Life of a key",
    "3.7.4": "Keys are changed",
    "3.7.6": "Nobody handles keys by hand",
    "4.2.1": "Data in transit is encrypted",
    "6.2.4": "Common attacks are stopped in the software's interfaces",
    "6.3.1": "Weaknesses are found",
    "6.3.3": "Patches arrive",
    "6.4": "What faces the public is protected",
    "6.4.2": "Attacks on the API are detected and blocked",
    "6.5": "What runs is what was reviewed",
    "7.2": "Access by need",
    "7.2.1": "Access can be reviewed",
    "7.2.2": "Least privilege",
    "7.2.5": "Accounts of systems and services",
    "8.2": "Everybody has an identity of their own",
    "8.3.2": "Passwords are unreadable, kept and in transit",
    "8.3.6": "Passwords are long",
    "8.3.9": "Passwords are changed",
    "8.6": "Accounts of systems",
    "8.6.2": "No password in files, code or settings",
    "8.6.3": "Passwords of systems are changed",
    "10.2": "What happens is logged",
    "10.2.2": "What a log line says",
    "10.3": "Logs cannot be changed or read by others",
    "10.5.1": "Logs are kept for a year",
    "10.7": "A control that fails is noticed",
    "11.3": "Scans for weaknesses",
    "12.5": "What is in scope is known",
    "12.10": "Incidents are answered, data comes back",
}


class PageError(ToolError):
    """The page would be incomplete, or say what does not hold."""


def tables(platforms: Sequence[Platform]) -> str:
    """A table for each requirement. Raises PageError for a requirement without words, or a check that does not hold."""
    by_requirement: dict[str, list[Check]] = defaultdict(list)
    for check in ALL:
        for requirement in check.pci:
            by_requirement[requirement].append(check)
    if unknown := sorted(set(by_requirement) ^ set(REQUIREMENTS)):
        raise PageError(f"requirements without checks or words: {', '.join(unknown)}")
    evidence = {check: [_evidence(check, platform) for platform in platforms] for check in ALL}
    lines: list[str] = []
    for requirement in sorted(by_requirement, key=lambda number: [int(part) for part in number.split(".")]):
        lines += [
            f"## {requirement} {REQUIREMENTS[requirement]}",
            "",
            "| what must hold | " + " | ".join(f"`{platform.name}`" for platform in platforms) + " | check |",
            "|---" * (len(platforms) + 2) + "|",
        ]
        lines += [
            f"| {_cell(check)} | {' | '.join(evidence[check])} | `{check.id}` |"
            for check in by_requirement[requirement]
        ]
        lines.append("")
    return "\n".join(lines).rstrip()


def _cell(check: Check) -> str:
    types = "" if check.claim.startswith("`") or not check.types else f" ({', '.join(f'`{t}`' for t in check.types)})"
    return (check.claim + types).replace("|", "\\|")


def _evidence(check: Check, platform: Platform) -> str:
    findings = {(finding.stack, finding.address): finding for finding in check.run(platform)}
    resources = [resource for type_ in check.types for resource in platform.by_type.get(type_, ())]
    accepted = 0
    for resource in resources:
        if finding := findings.pop((resource.stack, resource.address), None):
            if finding.key not in resource.reasons:
                raise PageError(f"{finding.stack} {finding.address} {finding.key}: {finding.message}")
            accepted += 1
    if not check.types:
        return "all"
    if not resources or (check.production and platform.tier != "production"):
        return "-"
    return f"{len(resources) - accepted}{f' +{accepted}' if accepted else ''}"


def resources(platforms: Sequence[Platform]) -> Iterator[str]:
    """What the checks ask about, a line each: type, and the path of the construct, which begins with its stack."""
    types = sorted({type_ for check in ALL for type_ in check.types})
    for resource in (resource for type_ in types for platform in platforms for resource in platform.all(type_)):
        yield f"{resource.type} {resource.values.get('//', {}).get('metadata', {}).get('path', resource.address)}"
