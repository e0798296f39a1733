"""Every stack against the project's own security checks, whichever there are; `make scan` adds the kept scanners."""

from __future__ import annotations

from pathlib import Path

import pytest
from all_environments import environment_names, load

from tools.scan.checks import ALL
from tools.scan.checks.check import Check
from tools.synthesized.platform import Platform, read_all


@pytest.fixture(scope="session")
def platforms(app_outdir: Path) -> list[Platform]:
    return read_all(app_outdir, map(load, environment_names()))


def test_the_walk_finds_policies_of_every_kind(platforms: list[Platform]) -> None:
    for platform in platforms:
        assert {"aws_kms_key", "aws_iam_role", "aws_iam_role_policy", "aws_vpc_endpoint", "aws_s3_bucket_policy"} <= {
            statement.resource.type for statement in platform.statements
        }


@pytest.mark.parametrize("check", ALL, ids=lambda check: f"{check.id}-{'-'.join(check.types)}"[:60])
def test_every_stack_satisfies(platforms: list[Platform], check: Check) -> None:
    for platform in platforms:
        reasons = {(r.stack, r.address, key) for r in platform.resources for key in r.accepted}
        found = [f for f in check.run(platform) if (f.stack, f.address, f.key) not in reasons]
        assert found == []
