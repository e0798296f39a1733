"""Network ACLs, one per tier: the traffic that may enter or leave a subnet, whatever the security groups allow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cdktf_cdktf_provider_aws.network_acl import NetworkAcl, NetworkAclEgress, NetworkAclIngress
from constructs import Construct

from modules.common.accept import accept
from settings.naming import Naming

_ANYWHERE = "0.0.0.0/0"


class NetworkAcls(Construct):
    """Data subnets allow only traffic within the VPC. Public and private subnets also allow outgoing TCP.

    Network ACLs are stateless, so return traffic from the internet must be allowed on the ephemeral ports: 1024 to
    65535, which NAT gateways and Linux use. No resource in these tiers has a public address, except NAT gateways, and
    security groups allow no such traffic.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        vpc_id: str,
        vpc_cidr: str,
        names: Naming,
        subnet_ids: Mapping[str, Sequence[str]],
    ) -> None:
        super().__init__(scope, id_)
        self.lists: list[NetworkAcl] = []
        for tier, ids in subnet_ids.items():
            ingress = [
                NetworkAclIngress(
                    rule_no=100, action="allow", protocol="-1", from_port=0, to_port=0, cidr_block=vpc_cidr
                )
            ]
            egress = [
                NetworkAclEgress(
                    rule_no=100, action="allow", protocol="-1", from_port=0, to_port=0, cidr_block=vpc_cidr
                )
            ]
            if tier != "data":
                ingress.append(
                    NetworkAclIngress(
                        rule_no=200, action="allow", protocol="tcp", from_port=1024, to_port=65535, cidr_block=_ANYWHERE
                    )
                )
                egress.append(
                    NetworkAclEgress(
                        rule_no=200, action="allow", protocol="tcp", from_port=0, to_port=65535, cidr_block=_ANYWHERE
                    )
                )
            acl = NetworkAcl(
                self,
                tier,
                vpc_id=vpc_id,
                subnet_ids=list(ids),
                ingress=ingress,
                egress=egress,
                tags={"Name": names.name(tier)},
            )
            self.lists.append(acl)
            if tier != "data":
                ephemeral = {"ingress.from_port": [0, 1024]}
                accept(
                    acl,
                    ephemeral,
                    CKV_AWS_231="return traffic arrives on ports 1024-65535; security groups remain closed",
                )
