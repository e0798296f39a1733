"""A finding gives the exact line that would allow it, and its file: with these lines added, the scan passes."""

from __future__ import annotations

import json
import re
import shutil
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

from tools.scan.allowlist import FOLDER, allow_list
from tools.scan.compare import findings
from tools.synthesized.platform import Platform
from tools.synthesized.resources import Finding, Resource

_LINE = re.compile(r"where it is right add to \[(\w+)\] of tools/scan/allowed/(\w+\.toml): (.*)", re.DOTALL)


def _with_lines(found: list[Finding], folder: Path) -> Path:
    """A copy of the list with the lines of the findings."""
    shutil.copytree(FOLDER, folder)
    for finding in found:
        if match := _LINE.search(finding.message):
            table, name, line = match.groups()
            text = (folder / name).read_text(encoding="utf-8")
            (folder / name).write_text(text.replace(f"[{table}]\n", f"[{table}]\n{line}\n", 1), encoding="utf-8")
    return folder


def test_the_lines_of_a_new_module_are_given_for_one_file(production: Platform, tmp_path: Path) -> None:
    # GIVEN a stream of a type that nobody knows yet, and its policy
    stack = "globecart-prod-service"
    stream = {"name": "globecart-orders-prod", "kms_key_id": "alias/x", "retention_period": 30}
    statement = {"Sid": "Send", "Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kinesis:PutRecord",
                 "Resource": "${aws_kinesis_stream.orders_stream_0A1B2C3D.arn}"}  # fmt: skip
    policy = {
        "resource_arn": "${aws_kinesis_stream.orders_stream_0A1B2C3D.arn}",
        "policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    }
    new = (
        Resource(stack, "aws_kinesis_stream", "orders_stream_0A1B2C3D", stream),
        Resource(stack, "aws_kinesis_resource_policy", "orders_policy_1B2C3D4E", policy),
    )
    platform = replace(production, resources=(*production.resources, *new), subjects=new)

    # WHEN the lines of its findings are added
    found = list(findings(platform))
    files = defaultdict(set)
    for finding in found:
        match = _LINE.search(finding.message)
        assert match, finding.message
        files[match[2]].add(match[1])
    allowed = allow_list(_with_lines(found, tmp_path / "allowed"))

    # THEN they were for one file, and the scan passes
    assert dict(files) == {"service.toml": {"required", "every", "statements"}}
    assert allowed.every["aws_kinesis_stream"]["retention_period"] == 30
    assert [finding.message for finding in findings(platform, allowed)] == []
