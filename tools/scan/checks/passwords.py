"""No secret in the JSON, so none in a state, a plan or a log."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tools.scan.checks.check import Check
from tools.synthesized.platform import Platform
from tools.synthesized.resources import Finding
from tools.synthesized.values import leaves, parsed

_SECRET_NAME = re.compile(
    r"(^|[_.-])(password|passwd|passphrase|pwd|secret|token|api_?key|private_?key|access_?key|credentials?)s?$",
    re.IGNORECASE,
)
# Names that look so and are none.
_NO_SECRETS = {"creation_token"}
_NO_VALUE = re.compile(r"arn:.*|\$\{[^}]*\}|\$(\.\w+)+")
_NAME, _VALUE = ("name", "Name", "key"), ("value", "Value")
_SECRET_TEXT = re.compile(
    r"\b(AKIA|ASIA)[0-9A-Z]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY|\bgh[pousr]_\w{30}|[a-z+]+://[^/\s:@\"]+:[^/\s:@\"$]+@"
)
# Attributes that hold a secret: a reference to one carries it into another place.
_SECRET_ATTRIBUTE = re.compile(
    r"(?:\.|\[\\*\")(secret_string|secret_binary|master_password|auth_token|passwords?|private_key_pem|secret)\b"
)
_READ_SECRETS = ("aws_secretsmanager_secret_version", "aws_secretsmanager_random_password", "aws_ssm_parameter",
                 "aws_kms_secrets", "aws_ecr_authorization_token", "external")  # fmt: skip


def _named(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str, object]]:
    """(name, value) of everything: arguments, {name, value} pairs, and both inside JSON texts."""
    document = parsed(value)
    if document is not None:
        yield from _named(document, path)
    elif isinstance(value, Mapping):
        for name in _NAME:
            for worth in _VALUE:
                if isinstance(value.get(name), str) and worth in value:
                    yield value[name], value[worth]
        for key, inner in value.items():
            yield from _named(inner, (*path, key))
    elif isinstance(value, list):
        for item in value:
            yield from _named(item, path)
    else:
        yield str(path[-1] if path else ""), value


def _harmless(value: object) -> bool:
    """A reference, whose value is looked at where it is made; an address, a path into an event, a switch."""
    if value is None or isinstance(value, bool) or value in ("", "true", "false"):
        return True
    return isinstance(value, str) and _NO_VALUE.fullmatch(value) is not None


def _passwords(platform: Platform) -> Iterator[Finding]:
    for resource in platform.subjects:
        for name, value in _named(resource.arguments):
            if name not in _NO_SECRETS and _SECRET_NAME.search(name) and not _harmless(value):
                yield resource.finding("PASSWORD", f"{name} contains a value, which would be in the state and in plans")
        for path, value in leaves(resource.arguments):
            place = ".".join(map(str, path))
            if isinstance(value, str) and _SECRET_TEXT.search(value):
                yield resource.finding("PASSWORD", f"{place} looks like a secret")
            if isinstance(value, str) and any(
                _SECRET_ATTRIBUTE.search(found) for found in re.findall(r"\$\{[^}]*", value)
            ):
                yield resource.finding("PASSWORD", f"{place} refers to a secret value, which would be in the state")


def _outputs(platform: Platform) -> Iterator[Finding]:
    for stack, content in platform.stacks.items():
        for kind in ("output", "variable", "locals"):
            for name, block in (content.get(kind) or {}).items():
                for path, value in leaves(block):
                    text = str(value)
                    if _SECRET_TEXT.search(text) or _SECRET_ATTRIBUTE.search(text):
                        yield Finding("PASSWORD", stack, f"{kind}.{name}", f"{'.'.join(map(str, path))} shows a secret")
        for type_ in _READ_SECRETS:
            for name in content.get("data", {}).get(type_, {}):
                yield Finding("PASSWORD", stack, f"data.{type_}.{name}", "reads a secret into the state")


CHECKS = (
    Check("PASSWORD", "No password in code, state, plan or environment variable", ("8.3.2", "8.6.2"),
          ("aws_secretsmanager_secret_version", "aws_lambda_function", "aws_ecs_task_definition"), _passwords),
    Check("PASSWORD", "No output contains a secret, and no data source reads one", ("8.6.2",), (), _outputs),
)  # fmt: skip
