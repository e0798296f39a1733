"""Findings of the security scan that are accepted, each with its reason, beside the resource that it is about."""

from __future__ import annotations

from cdktf import TerraformResource


def accept(resource: TerraformResource, **reasons: str) -> None:
    """Accept findings of `make scan` at `resource`: the id of the check, and why it may be so here.

    A finding at one part of a resource, such as a statement of its policy, is named `<check>__<part>`. The scan fails
    on a reason without a finding: where only some settings bring the finding, only they give the reason.
    """
    for check, reason in reasons.items():
        resource.add_override(f"//.skip.{check.replace('__', ' ')}", reason)
