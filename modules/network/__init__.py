"""The VPC: subnets, routes, network ACLs and flow log; NAT gateways and interface endpoints."""

from modules.network.egress import InterfaceEndpoints, NatGateways
from modules.network.flow_log import VpcFlowLog
from modules.network.vpc import Network

__all__ = [
    "InterfaceEndpoints",
    "NatGateways",
    "Network",
    "VpcFlowLog",
]
