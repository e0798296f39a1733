"""Findings of the security scan that are accepted, each with its reason, beside the resource that it is about."""

from __future__ import annotations

from collections.abc import Mapping

from cdktf import TerraformResource

Value = str | int | bool | list[int] | None


def accept(resource: TerraformResource, values: Mapping[str, Value], **reasons: str) -> None:
    """Accept findings of `make scan` at `resource` for as long as its arguments have these `values`.

    `values` are what the finding is about, by their dotted paths; None for an argument that is not there. Another value
    at the same resource is a finding again. `reasons` are the ids of the checks, and why it may be so. A finding at a
    statement of a policy is named `<check>__<Sid>`, and its values are the statement's own, such as `Resource`.
    The scan fails on a reason without a finding: where only some settings bring the finding, only they give the reason.
    """
    # CDKTF leaves out what is null.
    written = {path: "absent" if value is None else value for path, value in values.items()}
    for check, reason in reasons.items():
        resource.add_override(f"//.skip.{check.replace('__', ' ')}", {"reason": reason, "values": written})
