"""What API Gateway answers by itself, as the settings have it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tools.scan.checks.check import Check
from tools.scan.checks.routes import asked, path_of
from tools.synthesized.platform import Platform
from tools.synthesized.resources import Finding, Resource
from tools.synthesized.values import parsed

_JSON = "application/json"
_INTEGRATION = "aws_api_gateway_integration"
_PARTS = (_INTEGRATION, "aws_api_gateway_method_response", "aws_api_gateway_integration_response")
Place = tuple[str, str]
"""Path and method."""


@dataclass(frozen=True)
class _Answer:
    """An answer that needs no backend."""

    status: int
    body: dict[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def faults(self, parts: list[Resource]) -> Iterator[tuple[Resource, str]]:
        """(resource, argument) of all that is otherwise."""
        integration, method, response = parts
        headers = {f"method.response.header.Access-Control-{name}": f"'{text}'" for name, text in self.headers.items()}
        body: dict[str, Any] = {_JSON: self.body} if self.body else {}
        for resource, argument, wanted in (
            (integration, "request_templates", {_JSON: {"statusCode": self.status}}),
            (method, "status_code", str(self.status)),
            (method, "response_parameters", dict.fromkeys(headers, True)),
            (response, "response_parameters", headers),
            (response, "response_templates", body),
        ):
            value = resource.values.get(argument) or {}
            if argument.endswith("templates"):
                value = {key: parsed(text) for key, text in value.items()}
            if value != wanted:
                yield resource, argument


def _wanted(platform: Platform) -> Iterator[tuple[Place, _Answer]]:
    """What is answered without a backend: the routes with a mock, and each path's preflight request."""
    settings: Any = platform.settings.get("api") or {}
    cors, methods = settings.get("cors"), dict[str, list[str]]()
    for (path, method), route in asked(platform).items():
        methods.setdefault(path, ["OPTIONS"]).append(method)
        if route["backend"] == "mock":
            yield (path, method), _Answer(200, {"status": "ok"}, {"Allow-Origin": cors["origin"]} if cors else {})
    for path, verbs in methods.items() if cors else ():
        headers = {
            "Allow-Origin": cors["origin"],
            "Allow-Methods": ",".join(sorted(verbs)),
            "Allow-Headers": ",".join(sorted(cors["headers"])),
            "Max-Age": str(cors["max_age_seconds"]),
        }
        yield (path, "OPTIONS"), _Answer(204, None, headers)


def _place(platform: Platform, part: Resource) -> Place:
    method = platform.referred(part.stack, part.values.get("http_method"))
    if method and method[0].type == _INTEGRATION:
        method = platform.referred(method[0].stack, method[0].values.get("http_method"))
    return path_of(platform, part) or "/", str(method[0].values.get("http_method")) if method else ""


def _answers(platform: Platform) -> Iterator[Finding]:
    if platform.subjects and not any(subject.type.startswith("aws_api_gateway_") for subject in platform.subjects):
        return
    parts = [(_place(platform, part), part) for part in platform.all(*_PARTS)]
    for place, answer in _wanted(platform):
        found = [part for its_place, part in parts if its_place == place]
        if [part.type for part in found] != list(_PARTS):
            message = f"{' '.join(reversed(place))} must have one integration and one response of each kind"
            yield Finding("API_ANSWER", platform.name, f"{place[1]} {place[0]}", message)
            continue
        *_, method, response = found
        code = response.values.get("status_code")
        if method not in platform.referred(response.stack, code) and code != method.values.get("status_code"):
            yield response.finding("API_ANSWER", f"must have the status of {method.address}", "status_code")
        for resource, argument in answer.faults(found):
            yield resource.finding("API_ANSWER", f"is not as the setting api of {place[0]} has it", argument)


CHECKS = (
    Check("API_ANSWER", "API Gateway answers preflight and health requests as the settings say", ("6.2.4",),
          _PARTS, _answers),
)  # fmt: skip
