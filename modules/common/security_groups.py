"""Security groups that open nothing by themselves, and the two rules that open a port between two of them."""

from __future__ import annotations

from cdktf_cdktf_provider_aws.security_group import SecurityGroup
from cdktf_cdktf_provider_aws.vpc_security_group_egress_rule import VpcSecurityGroupEgressRule
from cdktf_cdktf_provider_aws.vpc_security_group_ingress_rule import VpcSecurityGroupIngressRule
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


def open_port(
    scope: Construct, port: int, *, ids: tuple[str, str], groups: tuple[str, str], descriptions: tuple[str, str]
) -> tuple[VpcSecurityGroupEgressRule, VpcSecurityGroupIngressRule]:
    """TCP out of the first group and into the second; each pair is of the egress and of the ingress rule."""
    source, target = groups
    return (
        VpcSecurityGroupEgressRule(
            scope,
            ids[0],
            security_group_id=source,
            description=descriptions[0],
            referenced_security_group_id=target,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
        ),
        VpcSecurityGroupIngressRule(
            scope,
            ids[1],
            security_group_id=target,
            description=descriptions[1],
            referenced_security_group_id=source,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
        ),
    )
