"""Security groups without rules, and the pair of rules that opens a port between two groups."""

from __future__ import annotations

from cdktf_cdktf_provider_aws.security_group import SecurityGroup
from cdktf_cdktf_provider_aws.vpc_security_group_egress_rule import VpcSecurityGroupEgressRule
from cdktf_cdktf_provider_aws.vpc_security_group_ingress_rule import VpcSecurityGroupIngressRule
from constructs import Construct


def closed_security_group(scope: Construct, id_: str, *, name: str, description: str, vpc_id: str) -> SecurityGroup:
    """A group without rules; a stack that needs access adds its own rules (PCI DSS 1.3).

    Destroying the group revokes all its rules, so two groups that refer to each other can be destroyed.
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
    """Allow TCP from the first group to the second. Each pair of names is for the egress and the ingress rule."""
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
