"""Runs the kept scanners; called by their own interpreter (`tools/scan/.venv`), it imports nothing of the project.

    driver.py FOLDER < {"documents": [{"id": ..., "text": ...}, ...]} > {"seen", "unreadable", "findings", "documents"}

checkov exits with 0 on an empty or broken folder, so what it has seen is told, and judged by the caller.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from pathlib import Path
from typing import Any

logging.disable(logging.WARNING)
os.environ["LOG_LEVEL"] = "CRITICAL"


def scan_resources(folder: str) -> dict[str, Any]:
    """checkov's findings in every `<stack>/cdk.tf.json` of `folder`."""
    from checkov.runner_filter import RunnerFilter
    from checkov.terraform_json.runner import TerraformJsonRunner

    runner = TerraformJsonRunner()
    report = runner.run(root_folder=folder, runner_filter=RunnerFilter(framework=["terraform_json"]))
    seen = {
        Path(file).parent.name: sorted(
            name for block in definition.get("resource", []) for instances in block.values() for name in instances
        )
        for file, definition in runner.definitions.items()
    }
    findings = [
        {
            "stack": Path(record.file_path).parent.name,
            "name": record.resource.rpartition(".")[2],
            "check": record.check_id,
            "message": record.check_name,
        }
        for record in report.failed_checks
    ]
    return {"seen": seen, "unreadable": sorted(report.parsing_errors), "findings": findings}


def judge_documents(documents: list[dict[str, str]]) -> list[dict[str, str]]:
    """parliament's findings in every policy document."""
    from parliament import analyze_policy_string

    return [
        {"id": document["id"], "check": f"PARLIAMENT_{finding.issue}", "message": f"{finding.issue}: {finding.detail}"}
        for document in documents
        for finding in analyze_policy_string(document["text"]).findings
    ]


def main() -> int:
    """Answer one request."""
    request = json.load(sys.stdin)
    answer = scan_resources(sys.argv[1])
    answer["documents"] = judge_documents(request["documents"])
    json.dump(answer, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
