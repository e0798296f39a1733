"""`docs/pci-dss.md`: requirement, what must hold for it, in how many resources it does, and the check that proves it.

Written from the checks and the synthesized JSON, so that it claims nothing which the gate does not hold.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from tools.pages.pci_checks import CHECKS
from tools.scan.checks.check import Check
from tools.synthesized.errors import ToolError
from tools.synthesized.platform import Platform
from tools.synthesized.resources import Resource

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

_HEAD = """\
# PCI DSS v4.0.1: what the platform holds, and where it is proved

Written by `make docs` from the synthesized JSON and the checks of `make scan`. A number is how many resources of an
environment satisfy the check; `+n`, how many are accepted with a reason that stands beside them in `modules/`; `-`,
that there is none, or that only production is asked. `make evidence` prints the resources by name, and
`make scan-proof` shows that each check notices when a setting is made worse.

This is alignment by settings, not a certificate: the assessment is of your account, your people and your application.
"""

_DUTIES = """\
## What belongs to the landing zone

Prerequisites of the account, which no stack of this project makes or claims: CloudTrail with data events of the state
buckets and of Secrets Manager, kept for a year and protected (10.2, 10.3; notices of rotations come through it); AWS
Config, GuardDuty and Security Hub (10.4, 11.5); sign-in of people with MFA and short sessions, no IAM users (8.3, 8.4);
deploy and plan roles apart (7.2, 6.5.4); organization policies that keep regions and root closed; scans by an approved
vendor and penetration tests (11.3.2, 11.4); backups in another account or region, where your recovery goals ask for it.

## What the application must do

* Encrypt card numbers itself before they are stored: disk encryption alone does not satisfy 3.5.1.2. Better: never see
  them, by a tokenizing payment provider.
* Never write card data, credentials or tokens to its log, which reaches CloudWatch as it is written (3.3, 3.4, 10.2).
* Check every input, and every caller's right to the object asked for: the API checks form, key and rate (6.2.4, 7.2).
* Read the secret by its ARN, at each new connection, and log in again after a rotation (`docs/secrets.md`).
* Treat the API key as a name for throttling, not as proof of identity: routes that need one take an authorizer (8.2).
* Be built from patched images, scanned at the push, and named by digest (6.3.3).
* Delete what is no longer needed: retention of the data is the application's (3.2).
"""


class PageError(ToolError):
    """The page would be incomplete, or say what does not hold."""


def page(platforms: Sequence[Platform]) -> str:
    """The whole page. Raises PageError for a requirement without words, or a check that does not hold."""
    by_requirement: dict[str, list[Check]] = defaultdict(list)
    for check in CHECKS:
        for requirement in check.pci:
            by_requirement[requirement].append(check)
    if unknown := sorted(set(by_requirement) ^ set(REQUIREMENTS)):
        raise PageError(f"requirements without checks or words: {', '.join(unknown)}")
    evidence = {check: [_evidence(check, platform) for platform in platforms] for check in CHECKS}
    lines = [_HEAD]
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
    return "\n".join([*lines, _DUTIES])


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


def _path(resource: Resource, environment: str) -> str:
    """The construct's path, without the name of the environment."""
    path = str(resource.values.get("//", {}).get("metadata", {}).get("path", resource.address))
    return path.removeprefix(f"{environment}-").replace(f"bootstrap-{environment}", "bootstrap")


def resources(platforms: Sequence[Platform]) -> Iterator[str]:
    """What the checks ask about, a line for each type: paths, with the environments that have them where not all do."""
    places: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for platform in platforms:
        for resource in platform.resources:
            places[resource.type][_path(resource, platform.name)].append(platform.name)
    for type_ in sorted({type_ for check in CHECKS for type_ in check.types} & set(places)):
        grouped: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for path, names in places[type_].items():
            grouped[tuple(names)].append(path)
        parts = []
        for owners, paths in sorted(grouped.items(), key=lambda item: -len(item[0])):
            where = "" if len(owners) == len(platforms) else f" ({', '.join(owners)})"
            parts.append(", ".join(f"`{path}`" for path in sorted(paths)) + where)
        yield f"* `{type_}`: {'; '.join(parts)}"
