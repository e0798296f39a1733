"""What a list cannot say of a new resource: what holds data is kept."""

from __future__ import annotations

from collections.abc import Iterator

from tools.scan.checks.check import Check
from tools.synthesized.platform import Platform
from tools.synthesized.resource_types import resource_types
from tools.synthesized.resources import Finding, Resource

# Data that only a person may delete, in production.
_KEPT = tuple(name for name, type_ in resource_types().types.items() if type_.kept)


def _protected(resource: Resource) -> bool:
    return bool((resource.values.get("lifecycle") or {}).get("prevent_destroy"))


def _kept(platform: Platform) -> Iterator[Finding]:
    if platform.tier == "production":
        for resource in platform.all(*_KEPT):
            if not _protected(resource) and resource.values.get("force_destroy") is not False:
                yield resource.finding("KEPT", "lifecycle.prevent_destroy must be true: the resource holds data")
    for resource in platform.resources:
        if _protected(resource):
            for key in platform.referred(resource.stack, resource.arguments):
                if key.type == "aws_kms_key" and not _protected(key):
                    yield key.finding("KEPT", f"needs prevent_destroy, because it encrypts {resource.address}")


CHECKS = (
    Check("KEPT", "A deployment cannot destroy a resource that holds data, nor its key", ("12.10", "3.7"),
          (*_KEPT, "aws_kms_key"), _kept),
)  # fmt: skip
