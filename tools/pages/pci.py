"""The tables of `docs/pci-dss.md`: each control, how many resources satisfy it, and the check that proves it.

They are generated from the checks and the synthesized JSON, so they claim only what the security scan checks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tools.pages.markdown import PageError, table
from tools.pages.pci_checks import CHECKS
from tools.scan.checks.check import Check
from tools.synthesized.platform import Platform


def tables(platforms: Sequence[Platform]) -> dict[str, str]:
    """The checks of each requirement. Raises PageError for a check that does not hold."""
    evidence = {check: [_evidence(check, platform) for platform in platforms] for check in CHECKS}
    headings = ["control", *(f"`{platform.name}`" for platform in platforms), "check"]
    return {
        requirement: table(
            headings,
            [[_cell(check), *evidence[check], f"`{check.id}`"] for check in CHECKS if requirement in check.pci],
        )
        for requirement in {number for check in CHECKS for number in check.pci}
    }


def _cell(check: Check) -> str:
    types = "" if check.claim.startswith("`") or not check.types else f" ({', '.join(f'`{t}`' for t in check.types)})"
    return (check.claim + types).replace("|", "\\|")


def _evidence(check: Check, platform: Platform) -> str:
    findings = {(finding.stack, finding.address): finding for finding in check.run(platform)}
    resources = [resource for type_ in check.types for resource in platform.by_type.get(type_, ())]
    accepted = 0
    for resource in resources:
        if finding := findings.pop((resource.stack, resource.address), None):
            if finding.key not in resource.accepted:
                raise PageError(f"{finding.stack} {finding.address} {finding.key}: {finding.message}")
            accepted += 1
    if not check.types:
        return "all"
    if not resources or (check.production and platform.tier != "production"):
        return "-"
    return f"{len(resources) - accepted}{f' +{accepted}' if accepted else ''}"


def resources(platforms: Sequence[Platform]) -> Iterator[str]:
    """The resources that the checks cover, one per line: its type, and its path, which begins with the stack."""
    types = sorted({type_ for check in CHECKS for type_ in check.types})
    for resource in (resource for type_ in types for platform in platforms for resource in platform.all(type_)):
        yield f"{resource.type} {resource.values.get('//', {}).get('metadata', {}).get('path', resource.address)}"
