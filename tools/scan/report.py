"""The verdict for people (text), programs (JSON) and code hosts (SARIF 2.1.0)."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from tools.scan.checks import ALL
from tools.scan.compare import CLAIMS
from tools.scan.gate import Verdict
from tools.synthesized.resources import Finding


def as_text(verdict: Verdict) -> str:
    """One line for each failure, whichever stacks have it, and what has been accepted how often for which reason."""
    stacks: dict[tuple[str, str, str], list[str]] = {}
    for finding in verdict.failures:
        stacks.setdefault((finding.address, finding.key, finding.message), []).append(finding.stack)
    lines = [f"{', '.join(names)} {address} {key}: {text}" for (address, key, text), names in stacks.items()]
    if lines:
        lines += [
            "",
            "Correct the resource, or the setting that a finding names. What is right and new: add the line that the",
            "finding gives to its file in tools/scan/allowed, where a reviewer reads it. A finding of checkov (CKV) or",
            "parliament: accept(resource, {argument: value}, CHECK='reason') beside it; see modules/common/accept.py.",
            "",
        ]
    counted = Counter((accepted.finding.key, accepted.reason) for accepted in verdict.accepted)
    if counted:
        lines += ["Accepted findings, with their reasons:"]
        lines += [f"  {count:3} x {key}: {reason}" for (key, reason), count in sorted(counted.items())]
    lines += [f"{name}: service.exec enables ECS Exec (a shell) in production tasks" for name in verdict.shells]
    state = "passes" if verdict.passes else f"FAILS with {len(verdict.failures)} findings"
    lines.append(f"{verdict.resources} resources, {len(verdict.accepted)} accepted findings: the scan {state}")
    return "\n".join(lines)


def as_json(verdict: Verdict) -> str:
    """Everything of the verdict."""
    content = {
        "passes": verdict.passes,
        "resources": verdict.resources,
        "shells": verdict.shells,
        "failures": [_plain(finding) for finding in verdict.failures],
        "accepted": [{**_plain(a.finding), "reason": a.reason} for a in verdict.accepted],
    }
    return json.dumps(content, indent=2) + "\n"


def as_sarif(verdict: Verdict) -> str:
    """Accepted findings appear as suppressed, so that a code host does not raise them."""
    results = [_result(finding) for finding in verdict.failures]
    for accepted in verdict.accepted:
        suppression = {"kind": "inSource", "justification": accepted.reason}
        results.append({**_result(accepted.finding), "suppressions": [suppression]})
    claims = {**CLAIMS, **{check.id: check.claim for check in ALL}}
    rules = sorted({result["ruleId"] for result in results})
    driver: dict[str, Any] = {
        "name": "scan",
        "rules": [{"id": rule, "shortDescription": {"text": claims.get(rule, rule)}} for rule in rules],
    }
    return (
        json.dumps(
            {
                "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
                "version": "2.1.0",
                "runs": [{"tool": {"driver": driver}, "results": results}],
            },
            indent=2,
        )
        + "\n"
    )


def _plain(finding: Finding) -> dict[str, str]:
    return {
        "check": finding.check,
        "part": finding.part,
        "stack": finding.stack,
        "address": finding.address,
        "message": finding.message,
    }


def _result(finding: Finding) -> dict[str, Any]:
    return {
        "ruleId": finding.check,
        "level": "error",
        "message": {"text": finding.message},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": f"cdktf.out/stacks/{finding.stack}/cdk.tf.json"}},
                "logicalLocations": [
                    {"fullyQualifiedName": f"{finding.stack}.{finding.address} {finding.part}".strip()}
                ],
            }
        ],
    }
