"""What a list cannot say of a new resource: what holds data is kept, and so are the policies of roles."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from tools.scan.checks.check import Check
from tools.synthesized.platform import Platform
from tools.synthesized.resource_types import resource_types
from tools.synthesized.resources import Finding, Resource
from tools.synthesized.values import listed

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


def _kept_policies(platform: Platform) -> Iterator[Finding]:
    """Terraform deletes each policy of a role that its exclusive resource does not name."""
    subjects = {subject.type for subject in platform.subjects}
    if subjects.isdisjoint({"aws_iam_role_policy", "aws_iam_role_policies_exclusive"}):
        return
    named: dict[Resource, set[object]] = defaultdict(set)
    for one in platform.all("aws_iam_role_policies_exclusive"):
        for role in platform.referred(one.stack, one.values.get("role_name")):
            if role in named:
                yield one.finding("EXCLUSIVE", f"there are two of {role.address}: each deletes what the other names")
            names = listed(one.values.get("policy_names"))
            named[role] |= {*names, *platform.referred(one.stack, names)}
    for policy in platform.all("aws_iam_role_policy"):
        for role in platform.referred(policy.stack, policy.values.get("role")):
            if named[role].isdisjoint({policy, policy.values.get("name")}):
                yield policy.finding("EXCLUSIVE", f"is not named beside {role.address}, so Terraform deletes it")


def _code(platform: Platform) -> Iterator[Finding]:
    """New code is tried before it rotates anything: the preflight runs again when the hash of the code changes."""
    hashes = {function.values.get("source_code_hash") for function in platform.all("aws_lambda_function")}
    for invocation in platform.subjects_of("aws_lambda_invocation"):
        triggers = invocation.values.get("triggers") or {}
        if "code" in triggers and triggers["code"] not in hashes:
            yield invocation.finding("CODE", "must be the source_code_hash of the function", "triggers.code")


CHECKS = (
    Check("CODE", "New code of the rotation is tried before it rotates", ("6.2.4",), ("aws_lambda_invocation",), _code),
    Check("EXCLUSIVE", "Every policy of a role is named beside it", ("7.2",), ("aws_iam_role_policy",), _kept_policies),
    Check("KEPT", "A deployment cannot destroy a resource that holds data, nor its key", ("12.10", "3.7"),
          (*_KEPT, "aws_kms_key"), _kept),
)  # fmt: skip
