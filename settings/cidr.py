"""The address plan: which subnet of a VPC belongs to which zone and tier. A pure function of the VPC's CIDR.

The VPC is divided into four equal slots, one per zone. With three zones one slot is free, so adding a zone never
changes other subnets. In each slot the private tier (tasks, Lambda, endpoints) has one half; public and data have a
quarter each:

    slot   |   private   | public | data |        10.0.0.0/16: /19 (8187 hosts), /20 (4091), /20 (4091)

AWS takes five addresses of every subnet.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network

_SLOTS = 4
_PRIVATE_SPACE = tuple(
    IPv4Network(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
)
_LARGEST, _SMALLEST = 16, 22

ALLOWED_VPC = (
    f"a private IPv4 block without host bits, from /{_LARGEST} (the largest VPC) to /{_SMALLEST} (smaller ones have "
    "too few "
    "addresses for Fargate and Lambda), e.g. 10.20.0.0/16"
)


@dataclass(frozen=True)
class ZoneSubnets:
    """The three subnets of one zone."""

    public: IPv4Network
    private: IPv4Network
    data: IPv4Network


def vpc_fault(cidr: str) -> bool:
    """Whether `cidr` cannot be a VPC of this platform: see `ALLOWED_VPC`."""
    try:
        network = IPv4Network(cidr)
    except ValueError:
        return True
    in_private_space = any(network.subnet_of(block) for block in _PRIVATE_SPACE)
    # Python also reads netmasks, padded lengths and bare addresses; AWS does not.
    return not (in_private_space and _LARGEST <= network.prefixlen <= _SMALLEST and str(network) == cidr)


def plan_subnets(vpc_cidr: str, zone_count: int) -> tuple[ZoneSubnets, ...]:
    """Subnets of the first `zone_count` zones of a VPC, in zone order.

    Raises ValueError for a CIDR that is no `ALLOWED_VPC`, or a count outside 1 to 4.
    """
    if vpc_fault(vpc_cidr):
        raise ValueError(f"{vpc_cidr!r} is not {ALLOWED_VPC}")
    if not 1 <= zone_count <= _SLOTS:
        raise ValueError(f"zone_count is {zone_count}; allowed: 1 to {_SLOTS}")
    slots = list(IPv4Network(vpc_cidr).subnets(prefixlen_diff=2))
    return tuple(_cut(slot) for slot in slots[:zone_count])


def _cut(slot: IPv4Network) -> ZoneSubnets:
    private, rest = slot.subnets(prefixlen_diff=1)
    public, data = rest.subnets(prefixlen_diff=1)
    return ZoneSubnets(public=public, private=private, data=data)
