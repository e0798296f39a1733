"""What counts as a difference between two synthesized folders."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tools.compat.__main__ import TOOLCHAINS
from tools.compat.compare import compare
from tools.synthesized.paths import ROOT

DOCUMENT = ROOT / "docs" / "after-cdktf.md"

_STACK: dict[str, Any] = {
    "//": {"metadata": {"version": "0.21.0", "stackName": "iot-dev-network"}},
    "terraform": {"required_providers": {"aws": {"source": "aws", "version": "5.100.0"}}},
    "resource": {"aws_vpc": {"vpc": {"cidr_block": "10.0.0.0/16", "tags": [{"Name": "a"}]}}},
}


def _folder(path: Path, stack: dict[str, Any]) -> Path:
    (path / "stacks").mkdir(parents=True)
    (path / "stacks" / "cdk.tf.json").write_text(json.dumps(stack))
    (path / "stacks" / "code.zip").write_bytes(b"zip")
    return path


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return _folder(tmp_path / "base", _STACK)


def test_versions_source_and_metadata_may_differ(base: Path, tmp_path: Path) -> None:
    successor = json.loads(json.dumps(_STACK).replace("5.100.0", "6.0.0").replace('"aws", "v', '"hashicorp/aws", "v'))
    successor["//"] = {"metadata": {"version": "0.24.0", "stackName": "iot-dev-network"}}

    found = compare(base, _folder(tmp_path / "other", successor))

    assert found.files == 2
    assert found.others == []
    assert set(found.allowed) == {
        "//.metadata.version",
        "terraform.required_providers.aws.source",
        "terraform.required_providers.aws.version",
    }


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("cidr_block",), "10.1.0.0/16", 'resource.aws_vpc.vpc.cidr_block: "10.0.0.0/16" became "10.1.0.0/16"'),
        (("tags", 0, "Name"), "b", 'resource.aws_vpc.vpc.tags.0.Name: "a" became "b"'),
        (("tags",), [], 'resource.aws_vpc.vpc.tags: [{"Name": "a"}] became []'),
        (("region",), "eu-west-1", 'resource.aws_vpc.vpc.region: "(missing)" became "eu-west-1"'),
    ],
)
def test_anything_else_is_said(base: Path, tmp_path: Path, path: tuple[Any, ...], value: object, said: str) -> None:
    changed = json.loads(json.dumps(_STACK))
    place = changed["resource"]["aws_vpc"]["vpc"]
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value

    found = compare(base, _folder(tmp_path / "other", changed))

    assert found.others == [f"stacks/cdk.tf.json: {said}"]


def test_other_bytes_and_a_missing_file_are_said(base: Path, tmp_path: Path) -> None:
    other = _folder(tmp_path / "other", _STACK)
    (other / "stacks" / "code.zip").write_bytes(b"another")
    (other / "stacks" / "cdk.tf.json").unlink()

    assert compare(base, other).others == [
        "stacks/cdk.tf.json: only in the base",
        "stacks/code.zip: other bytes",
    ]


@pytest.mark.parametrize("toolchain", TOOLCHAINS)
def test_the_documented_versions_are_those_compared(toolchain: str) -> None:
    row = next(line for line in DOCUMENT.read_text().splitlines() if TOOLCHAINS[toolchain] in line)
    pinned = tomllib.loads((ROOT / "tools" / "compat" / toolchain / "Pipfile").read_text())["packages"]

    for name, version in pinned.items():
        if name.startswith("cdk"):
            assert f"`{name}` {version.removeprefix('==')}" in row
