"""The JSON schemas of request bodies: `environments/schemas/<project>/<name>.json`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DIRECTORY = Path(__file__).resolve().parents[2] / "environments" / "schemas"
# API Gateway supports no newer draft: https://docs.aws.amazon.com/apigateway/latest/developerguide/models-mappings-models.html
DRAFT = "http://json-schema.org/draft-04/schema#"


class SchemaError(Exception):
    """A schema that API Gateway would refuse or ignore; the message has the reason."""


def read(project: str, name: str) -> dict[str, Any]:
    """The schema, checked. Raises SchemaError."""
    path = DIRECTORY / project / f"{name}.json"
    try:
        return _checked(path)
    except FileNotFoundError:
        raise SchemaError(f"there is no environments/schemas/{project}/{name}.json") from None
    except OSError as error:
        raise SchemaError(f"it cannot be read: {error.strerror}") from None
    except RecursionError:
        raise SchemaError("it is nested too deeply") from None


def _checked(path: Path) -> dict[str, Any]:
    # Reading a named pipe would block forever.
    if os.path.lexists(path) and not path.is_file():
        raise SchemaError("it is not a file")
    content = path.read_bytes()
    try:
        schema = json.loads(content.decode("utf-8-sig"), parse_int=_whole, parse_constant=_refuse)
    except ValueError as error:
        raise SchemaError(f"it is not valid JSON: {error}") from None
    # Imported here, because the import takes 0.2 s and an API without schemas does not need it.
    import jsonschema  # type: ignore[import-untyped]

    try:
        jsonschema.Draft4Validator.check_schema(schema)
    except jsonschema.SchemaError as error:
        where = "/".join(map(str, error.absolute_path)) or "its top"
        message = error.message if len(error.message) <= 200 else error.message[:197] + "..."
        raise SchemaError(f"{message} (at {where})") from None
    if schema.get("$schema") != DRAFT:
        raise SchemaError(f'its "$schema" must be "{DRAFT}"')
    for reference in references(schema):
        if reference.removeprefix("#/definitions/") not in schema.get("definitions", {}):
            raise SchemaError(f'"$ref" may only refer to its own definitions, not to "{reference}"')
    return dict(schema)


def _whole(digits: str) -> int:
    if len(digits) > 19:
        raise ValueError(f"a whole number of {len(digits)} digits")
    return int(digits)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a JSON number")


def references(schema: object) -> Iterator[str]:
    """Every `$ref` in a schema."""
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"]
        for inner in schema.values():
            yield from references(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from references(inner)


def model_name(name: str) -> str:
    """API Gateway's models have names of letters and digits: `order-line` becomes `OrderLine`."""
    return "".join(part.capitalize() for part in name.split("-"))
