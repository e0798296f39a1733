"""What counts as a difference between two synthesized folders."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tools.compat.__main__ import TOOLCHAINS, differences
from tools.synthesized.errors import ToolError
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
    successor["version"] = "0.24.0"

    assert successor["terraform"] != _STACK["terraform"]
    assert differences(base, _folder(tmp_path / "other", successor)) == ""


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("resource", "aws_vpc", "vpc", "cidr_block"), "10.1.0.0/16"),
        (("resource", "aws_vpc", "vpc", "tags", 0, "Name"), "10.1.0.0/16"),
        (("resource", "aws_vpc", "vpc", "tags"), ["10.1.0.0/16"]),
        (("resource", "aws_vpc", "vpc", "region"), "10.1.0.0/16"),
        (("terraform", "required_providers", "other"), "10.1.0.0/16"),
        (("terraform", "required_version"), "10.1.0.0/16"),
        (("//", "outputs"), "10.1.0.0/16"),
    ],
)
def test_anything_else_is_shown(base: Path, tmp_path: Path, path: tuple[Any, ...], value: object) -> None:
    changed = json.loads(json.dumps(_STACK))
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value

    found = differences(base, _folder(tmp_path / "other", changed))

    added = [line for line in found.splitlines() if line.startswith("+ ")]
    assert "stacks/cdk.tf.json" in found
    assert any("10.1.0.0/16" in line for line in added)


def test_what_is_empty_is_not_what_is_missing(base: Path, tmp_path: Path) -> None:
    assert differences(base, _folder(tmp_path / "other", {**_STACK, "output": {}})) != ""


def test_other_bytes_and_a_missing_file_are_said(base: Path, tmp_path: Path) -> None:
    other = _folder(tmp_path / "other", _STACK)
    (other / "stacks" / "code.zip").write_bytes(b"\0another")
    (other / "stacks" / "cdk.tf.json").unlink()

    assert differences(base, other).splitlines() == [
        f"Only in {base}/stacks: cdk.tf.json",
        f"Binary files {base}/stacks/code.zip and {other}/stacks/code.zip differ",
    ]


def test_where_nothing_was_synthesized_nothing_is_the_same(tmp_path: Path) -> None:
    for name in ("base", "other"):
        (tmp_path / name).mkdir()

    with pytest.raises(ToolError, match="nothing was synthesized"):
        differences(tmp_path / "base", tmp_path / "other")
    with pytest.raises(ToolError, match="cannot be compared"):
        differences(tmp_path / "base", tmp_path / "missing")


@pytest.mark.parametrize("toolchain", TOOLCHAINS)
def test_the_documented_versions_are_those_compared(toolchain: str) -> None:
    row = next(line for line in DOCUMENT.read_text().splitlines() if TOOLCHAINS[toolchain] in line)
    pinned = tomllib.loads((ROOT / "tools" / "compat" / toolchain / "Pipfile").read_text())["packages"]

    for name, version in pinned.items():
        if name.startswith("cdk"):
            assert f"`{name}` {version.removeprefix('==')}" in row
