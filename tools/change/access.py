"""Open ports and IAM: what a change lets in, or allows, that was closed or forbidden before."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from tools.change import policies
from tools.change.plans import Action, Change
from tools.change.policies import Difference
from tools.change.values import SENSITIVE, UNKNOWN
from tools.synthesized.values import blocks, listed

_WORLD = ("0.0.0.0/0", "::/0")
# Attributes that hold a policy document, in any type of resource.
_DOCUMENTS = ("policy", "assume_role_policy", "access_policy", "resource_policy")
# Rules with a resource of their own, and the resources that hold rules in blocks.
_RULE = re.compile(r"aws_(vpc_security_group_(in|e)gress|security_group|network_acl)_rule")
_GATES = re.compile(r"aws_(default_)?(security_group|network_acl)")
_ALL = "every protocol"
_PROTOCOLS = {"-1": _ALL, "all": _ALL, "1": "icmp", "6": "tcp", "17": "udp"}
# By all the names that the types have for it.
_PEERS = (
    "cidr_ipv4", "cidr_ipv6", "cidr_block", "ipv6_cidr_block", "cidr_blocks", "ipv6_cidr_blocks", "prefix_list_id",
    "prefix_list_ids", "referenced_security_group_id", "security_groups", "source_security_group_id",
)  # fmt: skip
# Attachments of a policy that stands elsewhere.
_ATTACHED = ("policy_arn", "managed_policy_arns")
# What these no longer list they remove from the role; what they add has a resource of its own.
_EXCLUSIVE = ("policy_arns", "policy_names")


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
    if _RULE.fullmatch(type_) and values:
        way = values.get("type") or type_
        inward = not values.get("egress") if "network_acl" in type_ else "ingress" in way
        yield from _through(inward, values, values.get("security_group_id") or values.get("network_acl_id") or UNKNOWN)
    elif gate := _GATES.fullmatch(type_):
        for block in ("ingress", "egress"):
            for rule in blocks(values.get(block)):
                name = "this group" if gate[2] == "security_group" else "this network ACL"
                yield from _through(block == "ingress", rule, name)


def _through(inward: bool, rule: Mapping[str, Any], gate: str) -> Iterator[Opening]:
    if "deny" in (rule.get("action"), rule.get("rule_action")):
        return
    number = str(rule.get("ip_protocol") or rule.get("protocol"))
    protocol = _PROTOCOLS.get(number, number)
    first, last = rule.get("from_port"), rule.get("to_port")
    ports = "" if first is None or protocol == _ALL else f" {first}" if first == last else f" {first}-{last}"
    peers = [peer for key in _PEERS for peer in listed(rule.get(key) or None)]
    peers += ["the group itself"] if rule.get("self") else []
    for peer in peers or [UNKNOWN]:
        yield Opening(inward, f"{protocol}{ports}", peer, gate)


def permissions(change: Change) -> Difference:
    """What a change allows more and less: roles' policies, resources' policies, attachments, trust."""
    more: list[str] = []
    less: list[str] = []
    changed = {attribute.path for attribute in change.attributes}
    for key in _DOCUMENTS:
        before, after = change.before.get(key), change.after.get(key)
        if after == SENSITIVE and key in changed:
            more.append(f"{key}: sensitive, so that it cannot be compared here")
        elif after == UNKNOWN:
            more.append(f"{key}: known after apply; look again then")
        else:
            compared = policies.compare(before, after)
            more += compared.more
            less += compared.less
    if change.type.startswith("aws_iam_"):
        for key in (*_ATTACHED, *_EXCLUSIVE):
            old, new = listed(change.before.get(key) or None), listed(change.after.get(key) or None)
            if key in _ATTACHED:
                more += [f"has {arn}" for arn in new if arn not in old]
            if key in _ATTACHED or change.action is Action.CHANGED:
                less += [f"no longer has {name}" for name in old if name not in new]
    return Difference(tuple(more), tuple(less))
