"""EC2: descriptions of security group rules, what deleted subnets, NAT gateways and flow logs leave."""

from typing import Any

from moto.ec2.exceptions import InvalidNetworkAclIdError, InvalidRouteTableIdError
from moto.ec2.models.flow_logs import FlowLogsBackend
from moto.ec2.models.nat_gateways import NatGatewayBackend
from moto.ec2.models.network_acls import NetworkAclBackend
from moto.ec2.models.security_groups import SecurityGroupRule
from moto.ec2.models.subnets import SubnetBackend

from tools.local.emulator.registry import extend


@extend(SecurityGroupRule, "__init__", unless="prefix_list_description")
def keep_prefix_list_description(stock: Any, self: Any, prefix_list_id: Any = None, **kwargs: Any) -> None:
    """moto keeps a prefix list's id and drops its description."""
    stock(self, prefix_list_id=prefix_list_id, **kwargs)
    self.prefix_list_description = (prefix_list_id or {}).get("Description")


@extend(SecurityGroupRule, unless="source_group")
def description(stock: Any, self: Any) -> str | None:
    """moto returns the description only of rules with an address range.

    Every rule of this platform references a group or a prefix list, and a missing description is a difference
    for ever.
    """
    found: str | None = stock(self) or self.source_group.get("Description") or self.prefix_list_description
    return found


@extend(SubnetBackend, "delete_subnet", unless="_associations")
def leave_access_list(stock: Any, self: Any, subnet_id: str) -> Any:
    """moto keeps a deleted subnet in its access list. The provider then gives it to the default one, which is to have
    none: a difference for ever.
    """
    subnet = stock(self, subnet_id)
    for acl in self.network_acls.values():
        for id_, association in list(acl._associations.items()):
            if association.subnet_id == subnet_id:
                del acl._associations[id_]
    return subnet


@extend(NatGatewayBackend, unless="disassociate_address")
def delete_nat_gateway(stock: Any, self: Any, nat_gateway_id: str) -> Any:
    """moto keeps the address and the interface of a deleted gateway in use, so that no other can have the address."""
    gateway = stock(self, nat_gateway_id)
    for address in gateway.address_set:
        if address.get("associationId"):
            self.disassociate_address(association_id=address["associationId"])
    self.enis.pop(gateway._eni.id, None)
    return gateway


@extend(FlowLogsBackend, because="self.flow_logs.pop(flow_log, None)")
def delete_flow_logs(stock: Any, self: Any, flow_log_ids: list[str]) -> None:
    """moto keeps the tags of a deleted flow log, and the tagging API goes on listing it."""
    stock(self, flow_log_ids)
    for id_ in flow_log_ids:
        self.tags.pop(id_, None)


@extend(NetworkAclBackend, because="raise InvalidRouteTableIdError(invalid_id)")
def describe_network_acls(stock: Any, self: Any, network_acl_ids: Any = None, filters: Any = None) -> Any:
    """moto says of a network ACL that is gone that a route table is, and the provider fails instead of making another.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html: InvalidNetworkAclID.NotFound.
    """
    try:
        return stock(self, network_acl_ids, filters)
    except InvalidRouteTableIdError:
        raise InvalidNetworkAclIdError(next(id_ for id_ in network_acl_ids if id_ not in self.network_acls)) from None
