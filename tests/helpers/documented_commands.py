"""Runs the `bash` blocks of a Markdown file: `aws` by boto3, `export` by itself, everything else as a process.

The `aws` program is no dependency of this project, and its options are the names of the API in another spelling.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path
from string import Template
from typing import Any

import boto3
import jmespath  # type: ignore[import-untyped]
from botocore import xform_name
from botocore.model import ListShape, Shape, StructureShape

# What takes AWS minutes takes the embedded AWS moments; the program asks every 30 seconds.
_SOON = {"Delay": 1, "MaxAttempts": 60}


def blocks(text: str) -> dict[str, list[str]]:
    """Lines of all `bash` blocks under each heading."""
    found: dict[str, list[str]] = {}
    for section in re.split(r"^#+ ", text, flags=re.MULTILINE)[1:]:
        heading, _, body = section.partition("\n")
        lines = [line for block in re.findall(r"^```bash\n(.*?)^```", body, re.S | re.M) for line in block.splitlines()]
        if lines:
            found[heading] = lines
    return found


class Commands:
    """A shell of the few things that the blocks use; `variables` are its environment."""

    def __init__(self, directory: Path, variables: dict[str, str]) -> None:
        self._directory = directory
        self.variables = dict(variables)

    def run(self, lines: list[str]) -> None:
        """Run every line; raises at the first that fails."""
        for line in lines:
            if line.startswith("export "):
                self._export(line.removeprefix("export "))
            elif line.startswith("aws "):
                self._aws(line)
            else:
                subprocess.run(self._words(line), cwd=self._directory, env=self.variables, check=True)

    def _export(self, text: str) -> None:
        for name, command, value in re.findall(r"(\w+)=(?:\$\((.*)\)|(\S+))", text):
            self.variables[name] = self._aws(command) if command else self._expand(value)

    def _expand(self, text: str) -> str:
        return Template(text).substitute(self.variables)

    def _words(self, line: str) -> list[str]:
        return [self._expand(word) for word in shlex.split(line)]

    def _aws(self, line: str) -> str:
        _, service, operation, *words = self._words(line)
        client = boto3.client(service)
        waits = operation == "wait"
        if waits:
            operation, *words = words
        options = _options(words)
        query = options.pop("query", [""])[0]
        options.pop("output", None)
        if waits:
            kind = operation.rsplit("-", 1)[0]
            arguments = _arguments(options, client.meta.service_model.operation_model(_api_name(f"describe-{kind}s")))
            client.get_waiter(operation.replace("-", "_")).wait(**arguments, WaiterConfig=_SOON)
            return ""
        arguments = _arguments(options, client.meta.service_model.operation_model(_api_name(operation)))
        answer = getattr(client, operation.replace("-", "_"))(**arguments)
        written = json.loads(json.dumps(answer, default=str))  # the program writes times as texts, too
        return str(jmespath.search(query, written)) if query else ""


def _api_name(operation: str) -> str:
    return "".join(part.capitalize() for part in operation.split("-")).replace("Db", "DB")


def _options(words: list[str]) -> dict[str, list[str]]:
    options: dict[str, list[str]] = {}
    for word in words:
        if word.startswith("--"):
            latest = options.setdefault(word.removeprefix("--"), [])
        else:
            latest.append(word)
    return options


def _arguments(options: dict[str, list[str]], operation: Any) -> dict[str, Any]:
    members = {xform_name(name, "-"): (name, shape) for name, shape in operation.input_shape.members.items()}
    arguments = {}
    for option, values in options.items():
        negated = option.startswith("no-") and option not in members
        name, shape = members[option.removeprefix("no-") if negated else option]
        arguments[name] = not negated if shape.type_name == "boolean" else _value(values, shape)
    return arguments


def _value(values: list[str], shape: Shape) -> Any:
    text = values[0]
    if text.startswith(("[", "{")):
        return json.loads(text)
    if isinstance(shape, ListShape):
        return values
    if isinstance(shape, StructureShape):
        pairs = (pair.split("=", 1) for pair in text.split(","))
        return {key: _value([value], shape.members[key]) for key, value in pairs}
    return {"double": float, "integer": int}.get(shape.type_name, str)(text)
