"""Schemas of request bodies that cannot be read: one line each."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from settings_files import SettingsFiles, settings_text

from settings.api import schemas as api_schemas

# What stands in the place of the schema of a route -> the reason.
SCHEMAS: dict[str, tuple[Callable[[Path], object], str]] = {
    "a folder": (lambda path: path.mkdir(), "it is not a file"),
    "a named pipe": (os.mkfifo, "it is not a file"),
    "lists 5,000 deep": (lambda path: path.write_text("[" * 5000 + "]" * 5000), "it is nested too deeply"),
    "schemas 400 deep": (
        lambda path: path.write_text('{"not": ' * 400 + "{}" + "}" * 400),
        "it is nested too deeply",
    ),
    "a number of 5,000 digits": (
        lambda path: path.write_text('{"maximum": ' + "1" * 5000 + "}"),
        "it is not valid JSON: a whole number of 5000 digits",
    ),
    "no number": (lambda path: path.write_text('{"maximum": NaN}'), "it is not valid JSON: NaN is not a JSON number"),
    "Latin-1": (
        lambda path: path.write_bytes(b'{"title": "caf\xe9"}'),
        "it is not valid JSON: 'utf-8' codec can't decode byte 0xe9 in position 14: invalid continuation byte",
    ),
    "true": (lambda path: path.write_text("true"), "True is not of type 'object' (at its top)"),
    "a type of 10,000 characters": (
        lambda path: path.write_text('{"type": "' + "x" * 10_000 + '"}'),
        f"'{'x' * 196}... (at type)",
    ),
}


@pytest.mark.parametrize("kind", SCHEMAS)
def test_a_schema_that_is(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make, reason = SCHEMAS[kind]
    schemas = tmp_path / "schemas"
    (schemas / "iot").mkdir(parents=True)
    make(schemas / "iot" / "device.json")
    monkeypatch.setattr(api_schemas, "DIRECTORY", schemas)
    files = SettingsFiles(tmp_path)
    files.write(
        "iot-dev", settings_text({"api.routes": '[{path = "/", methods = ["POST"], request_schema = "device"}]'})
    )

    assert files.faults("iot-dev") == [
        'iot-dev.toml: api.routes.0.request_schema = "device"; allowed: a JSON Schema of '
        f"draft 4, the only draft that API Gateway supports; correct it: {reason}"
    ]


def test_a_schema_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> bytes:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    (tmp_path / "iot").mkdir()
    (tmp_path / "iot" / "device.json").touch()
    monkeypatch.setattr(api_schemas, "DIRECTORY", tmp_path)
    monkeypatch.setattr(Path, "read_bytes", refuse)

    with pytest.raises(api_schemas.SchemaError, match=r"^it cannot be read: Permission denied$"):
        api_schemas.read("iot", "device")


def test_a_byte_order_mark_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "iot").mkdir()
    (tmp_path / "iot" / "device.json").write_text(f'\ufeff{{"$schema": "{api_schemas.DRAFT}"}}', encoding="utf-8")
    monkeypatch.setattr(api_schemas, "DIRECTORY", tmp_path)

    assert api_schemas.read("iot", "device") == {"$schema": api_schemas.DRAFT}
