"""Accepted findings of the security scan, each with its reason, next to the resource."""

from __future__ import annotations

from collections.abc import Mapping

from cdktf import TerraformResource

Value = str | int | bool | list[int] | None


def accept(resource: TerraformResource, values: Mapping[str, Value], **reasons: str) -> None:
    """Accept findings of `make scan` for `resource` while its arguments have these `values`.

    `values` are the arguments that cause the finding, by dotted path; None means that the argument is not set. If a
    value changes, the scan reports the finding again. `reasons` maps the ids of checks to reasons. For a finding in a
    policy statement the key is `<check>__<Sid>`, and the values are parts of the statement, such as `Resource`.
    The scan fails on a reason without a finding, so call this only for settings that cause the finding.
    """
    # CDKTF leaves out what is null.
    written = {path: "absent" if value is None else value for path, value in values.items()}
    for check, reason in reasons.items():
        resource.add_override(f"//.skip.{check.replace('__', ' ')}", {"reason": reason, "values": written})
