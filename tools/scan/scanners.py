"""checkov and parliament, each made honest: what they did not see, or could not read, is an error here.

checkov reads a copy without the `terraform` block, which its parser stumbles over (`required_version` is no table);
the STATE check reads that block. References in IAM documents are replaced by ARNs of the right service, because
parliament knows no Terraform.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tools.synthesized.errors import SynthesisError
from tools.synthesized.platform import Platform
from tools.synthesized.resource_types import resource_types
from tools.synthesized.resources import Finding, Resource, Statement

IDENTITY_POLICIES = ("aws_iam_policy", "aws_iam_role_policy", "aws_iam_user_policy", "aws_iam_group_policy")
_HERE = Path(__file__).parent
_INTERPRETER = _HERE / ".venv" / "bin" / "python"
# Connections between resources, which checkov sees within one stack only; the allow-list sees them all.
_NOT_ASKED = {"CKV2_AWS_18": "the plan of a file system is in the stack backup, or AWS's own (aws_efs_backup_policy)"}
_INTERPOLATION = re.compile(r"\$\{[^{}]*\}")


def run(platforms: Sequence[Platform]) -> list[Finding]:
    """Findings of both. Raises SynthesisError when a scanner has not seen, or not understood, all of `platforms`."""
    resources = {stack: _by_name(platform, stack) for platform in platforms for stack in platform.stacks}
    documents = [found for platform in platforms for found in identity_statements(platform)]
    sources = {str(number): found for number, found in enumerate(documents)}
    with TemporaryDirectory(prefix="scan-") as folder:
        for platform in platforms:
            for stack, content in platform.stacks.items():
                stage(Path(folder), stack, content)
        raw = ask(Path(folder), {key: text for key, (_, text) in sources.items()})
    if raw["unreadable"]:
        raise SynthesisError(f"checkov cannot read {', '.join(raw['unreadable'])}")
    for stack, wanted in resources.items():
        if missing := sorted(set(wanted) - set(raw["seen"].get(stack, []))):
            raise SynthesisError(f"checkov has not seen {len(missing)} resources of {stack}: {', '.join(missing)}")
    found = [
        resources[item["stack"]][item["name"]].finding(item["check"], item["message"])
        for item in raw["findings"]
        if item["check"] not in _NOT_ASKED
    ]
    found += [sources[item["id"]][0].finding(item["check"], item["message"]) for item in raw["documents"]]
    return found


def ask(folder: Path, texts: Mapping[str, str]) -> dict[str, Any]:
    """Run the driver on `folder/<stack>/cdk.tf.json` and on documents by their id."""
    if not _INTERPRETER.is_file():
        raise SynthesisError("the scanners are not installed; run: make setup-scan")
    request = {"documents": [{"id": key, "text": text} for key, text in texts.items()]}
    ended = subprocess.run(
        [_INTERPRETER, _HERE / "driver.py", folder],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    if ended.returncode != 0:
        raise SynthesisError(f"the scanners failed: {' '.join(ended.stderr.split()[-40:])}")
    answer: dict[str, Any] = json.loads(ended.stdout)
    return answer


def stage(folder: Path, stack: str, content: Mapping[str, Any]) -> None:
    """Write what checkov may read of a stack's JSON: not `moved` and `removed`, which it refuses."""
    copy = {key: value for key, value in content.items() if key not in ("terraform", "moved", "removed")}
    (folder / stack).mkdir()
    (folder / stack / "cdk.tf.json").write_text(json.dumps(copy, indent=1), encoding="utf-8")


def _by_name(platform: Platform, stack: str) -> dict[str, Resource]:
    return {resource.id: resource for resource in platform.resources if resource.stack == stack}


def identity_statements(platform: Platform) -> list[tuple[Statement, str]]:
    """What an identity may do, each statement as a document of its own; parliament knows no principals."""
    return [
        (
            statement,
            placeholders(
                platform, statement.resource, json.dumps({"Version": "2012-10-17", "Statement": [statement.body]})
            ),
        )
        for statement in platform.statements
        if statement.resource.type in IDENTITY_POLICIES
    ]


def placeholders(platform: Platform, resource: Resource, text: str) -> str:
    """`text` with every reference replaced by what could stand there once it is deployed."""

    def placeholder(match: re.Match[str]) -> str:
        for target in platform.referred(resource.stack, match[0]):
            attribute = match[0].rpartition(target.type)[2].lower()
            if "arn" in attribute:
                # Aurora makes the secret of its master user, and knows its ARN.
                type_ = "aws_secretsmanager_secret" if "secret_arn" in attribute else target.type
                return resource_types().of(type_).arn
        return "example"

    return _INTERPOLATION.sub(placeholder, text)
