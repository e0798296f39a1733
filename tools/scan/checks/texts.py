"""What no line of the allow-list can say of a text: Terraform evaluates it, and names mean one thing only."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from tools.scan.checks.check import Check
from tools.synthesized.platform import Platform
from tools.synthesized.resources import Finding, Resource
from tools.synthesized.values import leaves

_STEP = r'(\.[\w-]+|\[(\d+|\*|"[\w-]+")\])'
# An attribute of something; a whole resource would bring all that its state has.
_PLAIN = re.compile(rf"\$\{{(terraform\.workspace|(data\.)?[a-z]\w*\.[\w-]+{_STEP}+)\}}")
# Functions read files and the environment of whoever plans. These are the only ones that the platform needs.
_KNOWN = {
    ("aws_api_gateway_deployment", "triggers.ids"): re.compile(r"\$\{sha1\(jsonencode\(\[[\w., \[\]-]*\]\)\)\}"),
    ("aws_ecs_service", "lifecycle.postcondition.0.condition"): re.compile(
        r"\$\{\(self\.task_definition == aws_ecs_task_definition\.[\w-]+\.arn\)\}"
    ),
}
# Whoever is made second takes the place of the first: both have the same name, and AWS or Terraform overwrites.
_UPSERTS = ("aws_cloudwatch_event_rule", "aws_cloudwatch_metric_alarm", "aws_cloudwatch_composite_alarm",
            "aws_iam_role_policy", "aws_cloudwatch_dashboard", "aws_ssm_parameter")  # fmt: skip


def _evaluated(value: Any) -> Iterator[tuple[str, str]]:
    """Path and text of all that Terraform does more with than to look up a reference."""
    for path, leaf in leaves(value):
        for text in (*path, leaf) if path[:1] != ("//",) else ():  # it evaluates names of keys, too
            if isinstance(text, str) and ("${" in text or "%{" in text):
                rest = _PLAIN.sub("", text.replace("$${", ""))
                if "${" in rest or "%{" in rest:
                    yield ".".join(map(str, path)), text


def _expressions(platform: Platform) -> Iterator[Finding]:
    message = "Terraform would evaluate more than a reference: {}; write the value, or refer to it plainly"
    for resource in platform.subjects:
        for path, text in _evaluated(resource.arguments):
            known = _KNOWN.get((resource.type, path))
            if known is None or not known.fullmatch(text):
                yield resource.finding("EXPRESSION", message.format(text), path)
    for stack, content in platform.stacks.items():
        others = {key: value for key, value in content.items() if key not in ("resource", "//")}
        for path, text in _evaluated(others):
            yield Finding("EXPRESSION", stack, path, message.format(text))


def _names(platform: Platform) -> Iterator[Finding]:
    by_name: dict[tuple[str, ...], list[Resource]] = defaultdict(list)
    for resource in platform.all(*_UPSERTS):
        values = resource.values
        name = values.get("name") or values.get("alarm_name") or values.get("dashboard_name")
        # A policy's name is unique within its role, which may be of another stack; any other name within its region.
        roles = platform.referred(resource.stack, values.get("role"))
        place = roles[0].address if roles else resource.stack
        by_name[place, resource.type, str(name)].append(resource)
    subjects = set(platform.subjects)
    for resources in by_name.values():
        for resource in resources if len(resources) > 1 else ():
            if resource in subjects:
                others = ", ".join(other.id for other in resources if other is not resource)
                yield resource.finding("NAME", f"has the name of {others}: one takes the place of the other")


def _states(platform: Platform) -> Iterator[Finding]:
    """What a stack reads of another is trusted, so it must be of the stack that it is named after."""
    for stack, content in platform.stacks.items():
        for name, block in (content.get("data", {}).get("terraform_remote_state") or {}).items():
            other = name.removeprefix("cross-stack-reference-input-")
            backend = platform.stacks.get(other, {}).get("terraform", {}).get("backend", {}).get("s3", {})
            if platform.needs and other not in platform.needs.get(stack, ()):
                message = f"reads the state of {other}, but the manifest does not deploy that before it"
                yield Finding("STATE", stack, f"data.terraform_remote_state.{name}", message)
            if not backend or any(block.get("config", {}).get(key) != backend.get(key) for key in ("bucket", "key")):
                message = f"reads {block.get('config', {}).get('key')}, which is not the state of {other}"
                yield Finding("STATE", stack, f"data.terraform_remote_state.{name}", message)


def _zones(platform: Platform) -> Iterator[Finding]:
    """What is in subnets is in one of each zone."""
    zones = platform.settings.get("zones")
    if not isinstance(zones, list):
        return
    for resource in platform.subjects:
        for path, subnets in _lists(resource.arguments):
            found = {s.values.get("availability_zone") for s in platform.referred(resource.stack, subnets)}
            if len(subnets) != len(zones) or not found <= set(zones) or len(found) != len(zones):
                yield resource.finding("ZONES", f"must have a subnet in each of {', '.join(zones)}", path)


def _lists(value: Any, path: str = "") -> Iterator[tuple[str, list[Any]]]:
    """Path and items of each list of subnets."""
    for key, inner in value.items() if isinstance(value, dict) else ():
        place = f"{path}.{key}" if path else key
        if key in ("subnet_ids", "subnets") and isinstance(inner, list):
            yield place, inner
        else:
            yield from _lists(inner, place)


CHECKS = (
    Check("ZONES", "What is in subnets is in every availability zone", (), (), _zones),
    Check("STATE", "A stack reads the state of the stack that it names", ("6.2.4",), (), _states),
    Check("EXPRESSION", "Terraform evaluates references, and no function that could read a file or the environment",
          ("6.2.4",), (), _expressions),
    Check("NAME", "No two resources have a name by which one replaces the other", ("6.2.4",), (), _names),
)  # fmt: skip
