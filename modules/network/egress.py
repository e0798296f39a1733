"""Egress from the private subnets: NAT gateways to the internet, interface endpoints to AWS services."""

from __future__ import annotations

from collections.abc import Mapping

from cdktf_cdktf_provider_aws.eip import Eip
from cdktf_cdktf_provider_aws.nat_gateway import NatGateway
from cdktf_cdktf_provider_aws.route import Route
from cdktf_cdktf_provider_aws.vpc_endpoint import VpcEndpoint
from constructs import Construct

from modules.common.policies import Account, document, statement
from modules.common.security_groups import closed_security_group
from settings.naming import Naming
from settings.network import NetworkSettings


class NatGateways(Construct):
    """NAT for the private subnets: `none`, `single` (all zones use one gateway) or `per_zone`.

    `per_zone` costs one gateway for each zone; if a zone fails, the others keep their egress, and traffic stays in its
    zone. `ids` are the ids of the gateways.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: NetworkSettings,
        names: Naming,
        public_subnet_ids: Mapping[str, str],
        private_route_table_ids: Mapping[str, str],
    ) -> None:
        super().__init__(scope, id_)
        zones = list(public_subnet_ids)
        with_gateway = {"none": [], "single": zones[:1], "per_zone": zones}[settings.nat]
        gateways = {zone: self._gateway(zone, public_subnet_ids[zone], names) for zone in with_gateway}
        self.ids = tuple(gateways.values())
        for zone in zones if gateways else ():
            Route(
                self,
                f"route-{zone}",
                route_table_id=private_route_table_ids[zone],
                destination_cidr_block="0.0.0.0/0",
                nat_gateway_id=gateways.get(zone, gateways[zones[0]]),
            )

    def _gateway(self, zone: str, subnet_id: str, names: Naming) -> str:
        name = {"Name": names.name(f"nat-{zone}")}
        address = Eip(self, f"address-{zone}", domain="vpc", tags=name)
        gateway = NatGateway(self, f"gateway-{zone}", allocation_id=address.id, subnet_id=subnet_id, tags=name)
        return gateway.id


class InterfaceEndpoints(Construct):
    """One interface endpoint for each service of the settings, in every private subnet, with private DNS.

    Their security group has no rules; each stack whose resources use an endpoint adds its own.
    `security_group_id` is None if the settings name no service.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: NetworkSettings,
        names: Naming,
        account: Account,
        vpc_id: str,
        subnet_ids: list[str],
    ) -> None:
        super().__init__(scope, id_)
        self.security_group_id: str | None = None
        if not settings.interface_endpoints:
            return
        group = closed_security_group(
            self,
            "security-group",
            name=names.name("endpoints"),
            description="Interface endpoints; callers add their own rule",
            vpc_id=vpc_id,
        )
        self.security_group_id = group.id
        for service in settings.interface_endpoints:
            VpcEndpoint(
                self,
                service.replace(".", "-"),
                vpc_id=vpc_id,
                service_name=f"com.amazonaws.{account.region}.{service}",
                vpc_endpoint_type="Interface",
                subnet_ids=subnet_ids,
                security_group_ids=[group.id],
                private_dns_enabled=True,
                policy=endpoint_policy(service, account),
                tags={"Name": names.name(service)},
            )


# Services whose IAM prefix is not the first part of the endpoint's name.
_IAM_PREFIX = {"monitoring": "cloudwatch"}


def endpoint_policy(service: str, account: Account) -> str:
    """Only this account's identities may use the endpoint: foreign credentials cannot exfiltrate data (PCI DSS 1.4)."""
    prefix = _IAM_PREFIX.get(service, service.split(".")[0])
    return document(
        statement(
            "OwnIdentities",
            principals="*",
            actions=[f"{prefix}:*"],
            resources=["*"],
            conditions={"StringEquals": {"aws:PrincipalAccount": account.id}},
        )
    )
