"""Open ports and IAM: what a change lets in, or allows, that was closed or forbidden before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from tools.change import policies
from tools.change.plans import Action, Change
from tools.change.values import SENSITIVE, UNKNOWN

_WORLD = ("0.0.0.0/0", "::/0")
# Attributes that hold a policy document, in any type of resource.
_DOCUMENTS = ("policy", "assume_role_policy", "access_policy", "resource_policy")
# Whether they lead inward.
_RULES = {"aws_vpc_security_group_ingress_rule": True, "aws_vpc_security_group_egress_rule": False}
# What holds its rules itself.
_GATES = {
    "aws_security_group": "this group",
    "aws_default_security_group": "this group",
    "aws_network_acl": "this network ACL",
    "aws_default_network_acl": "this network ACL",
}
_ALL = "every protocol"
_PROTOCOLS = {"-1": _ALL, "all": _ALL, "1": "icmp", "6": "tcp", "17": "udp"}
_PEERS = ("cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_security_group_id")
_INLINE_PEERS = (
    "cidr_block",
    "ipv6_cidr_block",
    "cidr_blocks",
    "ipv6_cidr_blocks",
    "prefix_list_ids",
    "security_groups",
    "source_security_group_id",
)
# Attachments of a policy that stands elsewhere.
_ATTACHED = ("policy_arn", "managed_policy_arns")
# What these no longer list they remove from the role; what they add has a resource of its own.
_EXCLUSIVE = ("policy_arns", "policy_names")


@dataclass(frozen=True)
class Difference:
    """What is open or allowed now and was not before, and the other way round."""

    more: tuple[str, ...] = ()
    less: tuple[str, ...] = ()


def is_alarming(line: str) -> bool:
    """Whether an opening or a permission is for the whole world, or a permission is for everything."""
    return any(block in line for block in _WORLD) or line.startswith("*")


class Opening(NamedTuple):
    """One way through: `what` is protocol and ports, `gate` the group or network ACL."""

    inward: bool
    what: str
    peer: str
    gate: str

    def __str__(self) -> str:
        if self.inward:
            return f"{self.what} from {self.peer} into {self.gate}"
        return f"{self.what} out of {self.gate} to {self.peer}"

    def stays_as(self, other: Opening, *, anew: bool) -> bool:
        """Whether `other` lets through no more and no less; a gate or peer that is made anew has no id yet."""
        return (
            (self.inward, self.what) == (other.inward, other.what)
            and other.peer in (self.peer, UNKNOWN)
            and (anew or other.gate in (self.gate, UNKNOWN))
        )


def ports(change: Change) -> Difference:
    """The openings that a change makes and closes; a rule that is only made anew is neither."""
    before, after = list(_openings(change.type, change.before)), list(_openings(change.type, change.after))
    anew = change.action is Action.REPLACED
    opened = [new for new in after if not any(old.stays_as(new, anew=anew) for old in before)]
    closed = [old for old in before if not any(old.stays_as(new, anew=anew) for new in after)]
    return Difference(tuple(map(str, opened)), tuple(map(str, closed)))


def _openings(type_: str, values: Mapping[str, Any]) -> Iterator[Opening]:
    if not values:
        return
    if type_ in _RULES:
        peer = next((values[key] for key in _PEERS if values.get(key)), UNKNOWN)
        yield _opening(_RULES[type_], values, peer, values.get("security_group_id"))
    elif type_ == "aws_security_group_rule":
        for peer in _peers(values):
            yield _opening(values.get("type") == "ingress", values, peer, values.get("security_group_id"))
    elif type_ == "aws_network_acl_rule" and values.get("rule_action") == "allow":
        peer = values.get("cidr_block") or values.get("ipv6_cidr_block")
        yield _opening(not values.get("egress"), values, peer, values.get("network_acl_id"))
    elif type_ in _GATES:
        for block, inward in (("ingress", True), ("egress", False)):
            rules = values.get(block)
            for rule in rules if isinstance(rules, list) else ():
                if rule.get("action", "allow") == "allow":
                    for peer in _peers(rule):
                        yield _opening(inward, rule, peer, _GATES[type_])


def _peers(rule: Mapping[str, Any]) -> Iterator[str]:
    for key in _INLINE_PEERS:
        value = rule.get(key)
        yield from value if isinstance(value, list) else [value] if value else []
    if rule.get("self"):
        yield "the group itself"


def _opening(inward: bool, rule: Mapping[str, Any], peer: object, gate: object) -> Opening:
    number = str(rule.get("ip_protocol") or rule.get("protocol"))
    protocol = _PROTOCOLS.get(number, number)
    first, last = rule.get("from_port"), rule.get("to_port")
    ports = "" if first is None or protocol == _ALL else f" {first}" if first == last else f" {first}-{last}"
    return Opening(inward, f"{protocol}{ports}", str(peer or UNKNOWN), str(gate or UNKNOWN))


def permissions(change: Change) -> Difference:
    """What a change allows more and less: roles' policies, resources' policies, attachments, trust."""
    more: list[str] = []
    less: list[str] = []
    changed = {attribute.path for attribute in change.attributes}
    for key in _DOCUMENTS:
        before, after = change.before.get(key), change.after.get(key)
        if after == SENSITIVE and key in changed:
            more.append(f"{key}: sensitive, so that it cannot be compared here")
        if before == after:
            continue
        if after == UNKNOWN:
            more.append(f"{key}: known after apply; look again then")
        elif policies.is_policy(before) or policies.is_policy(after):
            compared = policies.compare(before, after)
            more += compared.more
            less += compared.less
    if change.type.startswith("aws_iam_"):
        for key in _ATTACHED:
            old, new = _texts(change.before.get(key)), _texts(change.after.get(key))
            more += [f"has {arn}" for arn in new if arn not in old]
            less += [f"no longer has {arn}" for arn in old if arn not in new]
        if change.action is Action.CHANGED:
            kept = {key: _texts(change.after.get(key)) for key in _EXCLUSIVE}
            less += [f"no longer has {x}" for key in kept for x in _texts(change.before.get(key)) if x not in kept[key]]
    return Difference(tuple(more), tuple(less))


def _texts(value: object) -> list[str]:
    return [str(part) for part in value] if isinstance(value, list) else [str(value)] if value else []
