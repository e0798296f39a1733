"""Security groups that open nothing by themselves."""

from __future__ import annotations

from cdktf_cdktf_provider_aws.security_group import SecurityGroup
from constructs import Construct


def closed_security_group(scope: Construct, id_: str, *, name: str, description: str, vpc_id: str) -> SecurityGroup:
    """A group without a rule, in or out: whoever wants in adds a rule for itself (PCI DSS 1.3).

    Rules that others have added are revoked when it is destroyed, so that two groups which name each other can go.
    """
    return SecurityGroup(
        scope,
        id_,
        name=name,
        description=description,
        vpc_id=vpc_id,
        revoke_rules_on_delete=True,
        tags={"Name": name},
    )
