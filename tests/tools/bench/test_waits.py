"""What is read from the lines of a deployment: spans, pauses, and how much of a stack they cover."""

from __future__ import annotations

import pytest

from tools.bench import local, waits

STACKS = {"iot-dev-network": (), "iot-dev-data": ("iot-dev-network",)}
LINES = (
    (0.0, "iot-dev-data  Initializing the backend..."),
    (0.0, "iot-dev-network  Initializing the backend..."),
    (5.0, "iot-dev-network  aws_vpc.vpc_1 (network/vpc): Creating..."),
    (5.0, "                 aws_kms_key.key_1 (logs-key/key): Creating..."),
    (6.0, "                 aws_kms_alias.alias_1 (logs-key/alias): Creating..."),
    (11.0, "iot-dev-network  aws_kms_key.key_1 (logs-key/key): Still creating... [10s elapsed]"),
    (16.0, "                 aws_vpc.vpc_1 (network/vpc): Creation complete after 11s [id=vpc-1]"),
    (18.0, "                 aws_kms_alias.alias_1 (logs-key/alias): Creation complete after 12s [id=alias/x]"),
    (22.0, "                 aws_kms_key.key_1 (logs-key/key): Creation complete after 17s [id=k]"),
    (24.0, "                 Apply complete! Resources: 3 added, 0 changed, 0 destroyed."),
    (30.0, "iot-dev-data  aws_kms_key.key_2 (key/key): Creating..."),
    (30.0, "              aws_lambda_invocation.preflight_1 (rotation/preflight): Creating..."),
    (30.0, "              aws_kms_alias.alias_2 (key/alias): Creating..."),
    (31.0, "              aws_kms_alias.alias_2 (key/alias): Creation complete after 1s [id=alias/y]"),
    (39.0, "              aws_lambda_invocation.preflight_1 (rotation/preflight): Creation complete after 9s [id=f]"),
    (43.0, "              aws_kms_key.key_2 (key/key): Creation complete after 13s [id=l]"),
    (44.0, "              Apply complete! Resources: 3 added, 0 changed, 0 destroyed."),
)


def test_a_pause_is_what_the_quickest_of_a_type_took() -> None:
    # The alias waited once for something else, and the invocation works.
    assert waits.pauses(waits.read(LINES, STACKS)) == {"aws_kms_key": 13.0, "aws_vpc": 11.0}


def test_a_stack_begins_when_what_it_needs_is_complete() -> None:
    network, data = waits.shares(waits.read(LINES, STACKS), STACKS)

    assert network == waits.Share("iot-dev-network", seconds=24.0, applying=19.0, waiting=13.0)
    assert data == waits.Share("iot-dev-data", seconds=20.0, applying=14.0, waiting=13.0)


def test_pauses_at_once_count_once() -> None:
    assert waits.covered([(5.0, 18.0), (5.0, 16.0), (17.0, 20.0), (30.0, 31.0)]) == 16.0
    assert waits.whole(waits.read(LINES, STACKS)) == 26.0


def test_a_stack_whose_name_begins_another_is_not_taken_for_it() -> None:
    lines = ((1.0, "iot-dev-data-lake  Apply complete! Resources"), (2.0, "iot-dev-data  Apply complete! Resources"))

    found = waits.read(lines, ("iot-dev-data", "iot-dev-data-lake"))

    assert {name: times.complete for name, times in found.items()} == {"iot-dev-data-lake": 1.0, "iot-dev-data": 2.0}


def test_a_stack_that_never_completed_is_refused() -> None:
    with pytest.raises(ValueError, match="iot-dev-data was not applied"):
        waits.shares(waits.read(LINES[:-1], STACKS), STACKS)


def test_the_tables_of_a_local_deployment() -> None:
    printed = "done   65.4 s  Bootstrap: iot-dev\nsomething else\ndone  143.0 s  Deploy every stack\n"

    assert local.phases(printed)[2:] == ["| Bootstrap | 65.4 s |", "| Deploy every stack | 143.0 s |"]
    assert local.pauses(waits.read(LINES, STACKS), STACKS)[2:] == [
        "| iot-dev-network | 24.0 s | 19.0 s | 13.0 s | 0.54 |",
        "| iot-dev-data | 20.0 s | 14.0 s | 13.0 s | 0.65 |",
        "| all, as they overlap | 44.0 s | | 26.0 s | 0.59 |",
        "",
        "The provider's pauses, in seconds: aws_kms_key 13, aws_vpc 11.",
    ]
