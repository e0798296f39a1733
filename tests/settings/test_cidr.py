"""Properties of the address plan."""

from __future__ import annotations

from ipaddress import IPv4Network
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settings.cidr import ZoneSubnets, plan_subnets, vpc_fault


@st.composite
def vpcs(draw: st.DrawFn) -> IPv4Network:
    """A VPC that the platform allows."""
    space = IPv4Network(draw(st.sampled_from(["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"])))
    length = draw(st.integers(16, 22))
    number = draw(st.integers(0, 2 ** (length - space.prefixlen) - 1))
    return IPv4Network((int(space.network_address) + number * 2 ** (32 - length), length))


def flat(plan: tuple[ZoneSubnets, ...]) -> list[IPv4Network]:
    """All subnets of a plan."""
    return [subnet for zone in plan for subnet in (zone.public, zone.private, zone.data)]


@given(vpcs(), st.integers(1, 4))
def test_subnets_lie_in_their_vpc_and_do_not_overlap(vpc: IPv4Network, zones: int) -> None:
    subnets = flat(plan_subnets(str(vpc), zones))

    assert len(subnets) == 3 * zones
    assert all(subnet.subnet_of(vpc) for subnet in subnets)
    assert not any(one.overlaps(other) for one, other in combinations(subnets, 2))


@given(vpcs(), st.integers(1, 3))
def test_another_zone_renumbers_no_subnet(vpc: IPv4Network, zones: int) -> None:
    assert plan_subnets(str(vpc), zones + 1)[:zones] == plan_subnets(str(vpc), zones)


@given(vpcs(), st.integers(1, 4))
def test_private_has_half_of_a_zone_public_and_data_a_quarter(vpc: IPv4Network, zones: int) -> None:
    for zone in plan_subnets(str(vpc), zones):
        assert zone.private.num_addresses * 8 == vpc.num_addresses
        assert zone.public.num_addresses == zone.data.num_addresses == zone.private.num_addresses // 2
        # AWS refuses subnets smaller than /28 and takes five addresses of each.
        assert min(subnet.num_addresses for subnet in (zone.public, zone.data)) - 5 >= 59


@given(vpcs())
def test_four_zones_use_the_whole_vpc(vpc: IPv4Network) -> None:
    assert sum(subnet.num_addresses for subnet in flat(plan_subnets(str(vpc), 4))) == vpc.num_addresses


@given(vpcs())
def test_allowed_blocks_are_let_through_and_their_neighbours_in_size_are_not(vpc: IPv4Network) -> None:
    assert not vpc_fault(str(vpc))
    assert vpc_fault(f"{vpc.network_address}/15")
    assert vpc_fault(f"{vpc.network_address}/23")
    assert vpc_fault(f"{vpc.network_address + 1}/{vpc.prefixlen}")
    assert vpc_fault(vpc.with_netmask)


@given(st.text(max_size=20))
def test_any_other_text_is_a_fault_and_never_an_exception(text: str) -> None:
    if not vpc_fault(text):
        assert str(IPv4Network(text)) == text


def test_the_plan_of_the_first_environment_as_numbers() -> None:
    first, second = plan_subnets("10.20.0.0/16", 2)

    assert [str(subnet) for subnet in (first.private, first.public, first.data)] == [
        "10.20.0.0/19",
        "10.20.32.0/20",
        "10.20.48.0/20",
    ]
    assert str(second.private) == "10.20.64.0/19"


@pytest.mark.parametrize("zones", [0, 5])
def test_zone_counts_without_a_slot_are_refused(zones: int) -> None:
    with pytest.raises(ValueError, match=f"zone_count is {zones}; allowed: 1 to 4"):
        plan_subnets("10.20.0.0/16", zones)


def test_a_block_that_is_no_vpc_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'10\.20\.0\.0/24' is not a private IPv4 block without host bits"):
        plan_subnets("10.20.0.0/24", 2)
