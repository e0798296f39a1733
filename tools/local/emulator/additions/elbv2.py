"""Elastic Load Balancing: ARNs by type of load balancer, and no time in `provisioning`."""

from typing import Any

from moto.elbv2.models import ELBv2Backend
from moto.elbv2.responses import ELBV2Response

from tools.local.emulator.registry import extend


@extend(ELBv2Backend, because='state = "provisioning"')
def create_load_balancer(
    stock: Any, self: Any, loadbalancer_type: str | None = None, tags: Any = None, **kwargs: Any
) -> Any:
    """moto names every load balancer `app/` and leaves it in `provisioning` until it has been described once.

    A network load balancer is `net/` on AWS: CloudWatch dimensions and policies are built from that part of
    the ARN.
    """
    balancer = stock(self, loadbalancer_type=loadbalancer_type, tags=[], **kwargs)
    if loadbalancer_type == "network":
        balancer.arn = balancer.arn.replace(":loadbalancer/app/", ":loadbalancer/net/")
        self.load_balancers[balancer.arn] = self.load_balancers.popitem()[1]
        if balancer.security_groups:
            balancer.enforce_security_group_inbound_rules_on_private_link_traffic = "on"
    self.tagging_service.tag_resource(balancer.arn, tags)
    balancer.activate()
    return balancer


@extend(ELBV2Response, unless="EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic")
def set_security_groups(stock: Any, self: Any) -> Any:
    """moto drops whether inbound rules hold for PrivateLink, so that the provider would set it on every apply."""
    result = stock(self)
    if enforced := self._get_param("EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic"):
        balancer = self.elbv2_backend.load_balancers[self._get_param("LoadBalancerArn")]
        balancer.enforce_security_group_inbound_rules_on_private_link_traffic = enforced
    return result
