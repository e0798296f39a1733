"""docs/extend/testing.md: its examples are the tests below, and its script is run with the real Terraform."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import cdktf
import pytest
from constructs import Construct
from places import place
from synthesized import synthesize_module

from modules.queue import Queue
from settings.encryption import EncryptionSettings
from settings.service import QueueSettings
from tools.deploy import terraform
from tools.local.emulator.environment import without_aws

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "extend" / "testing.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
SCRIPT = next(block for block in BLOCKS if "to_be_valid_terraform" in block)


def orders(scope: Construct) -> Queue:
    return Queue(
        scope,
        "orders",
        settings=QueueSettings(
            visibility_timeout_seconds=90, retention_days=7, max_receives=3, oldest_message_minutes=30
        ),
        encryption=EncryptionSettings(rotation_period_days=180, deletion_window_days=7),
        place=place(),
        purpose="orders",
    )


def test_the_queue_keeps_messages_for_a_week(tmp_path: Path) -> None:
    stack = cdktf.TerraformStack(cdktf.Testing.app(outdir=str(tmp_path)), "test")
    orders(stack)
    text = cdktf.Testing.synth(stack)

    assert cdktf.Testing.to_have_resource(text, "aws_sqs_queue")
    assert cdktf.Testing.to_have_resource_with_properties(
        text, "aws_sqs_queue", {"name": "iot-queue-orders-dev", "message_retention_seconds": 604_800}
    )


def test_failed_messages_go_to_the_dead_letter_queue() -> None:
    made = synthesize_module(orders)
    queue = made.one("aws_sqs_queue", name="iot-queue-orders-dev")
    dead = made.address("aws_sqs_queue", name="iot-dead-letters-orders-dev")

    assert json.loads(queue["redrive_policy"]) == {"deadLetterTargetArn": f"${{{dead}.arn}}", "maxReceiveCount": 3}
    assert "redrive_policy" not in made.one("aws_sqs_queue", name="iot-dead-letters-orders-dev")
    assert len(made.all("aws_kms_key")) == 1


@pytest.mark.parametrize("block", [block for block in BLOCKS if block != SCRIPT])
def test_every_example_is_one_of_these_tests(block: str) -> None:
    assert block.strip() in Path(__file__).read_text(encoding="utf-8")


def test_what_the_page_says_that_the_matchers_do_not_notice(tmp_path: Path) -> None:
    def has(text: str, **properties: Any) -> bool:
        return cdktf.Testing.to_have_resource_with_properties(text, "aws_sqs_queue", properties)

    made = json.dumps({"resource": {"aws_sqs_queue": {"a": {"name": "a", "tags": {"x": "1", "y": "2"}}, "b": {}}}})

    assert has(made, name="a")  # although another queue has no name
    assert has(made, tags={"x": "1"})  # although there is one more tag
    assert not has(made, name="b")


@pytest.mark.terraform
def test_validity_is_false_without_credentials_for_the_backend() -> None:
    without = {**without_aws(os.environ), "AWS_EC2_METADATA_DISABLED": "true"}
    environ = {**without, **terraform.settings(without), "PYTHONPATH": str(ROOT)}

    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, env=environ, capture_output=True, text=True, check=True
    )

    assert done.stdout.splitlines() == ["without a backend: True", "with the S3 backend: False"]
