"""Open ports and IAM: what a change lets in, or allows, that was closed or forbidden before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from review import policies
from review.plans import Action, Change
from review.values import UNKNOWN

_WORLD = ("0.0.0.0/0", "::/0")
# Attributes that hold a policy document, in any type of resource.
_DOCUMENTS = ("policy", "assume_role_policy", "access_policy", "resource_policy")
_RULES = {"aws_vpc_security_group_ingress_rule": "into", "aws_vpc_security_group_egress_rule": "out of"}
_PEERS = ("cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_security_group_id")
_INLINE_PEERS = ("cidr_blocks", "ipv6_cidr_blocks", "prefix_list_ids", "security_groups", "source_security_group_id")
# Attachments of a policy that stands elsewhere.
_ATTACHED = ("policy_arn", "managed_policy_arns")


@dataclass(frozen=True)
class Difference:
    """What is open or allowed now and was not before, and the other way round."""

    more: tuple[str, ...] = ()
    less: tuple[str, ...] = ()


def is_alarming(line: str) -> bool:
    """Whether an opening or a permission is for the whole world, or a permission is for everything."""
    return any(block in line for block in _WORLD) or line.startswith("*")


def ports(change: Change) -> Difference:
    """The openings that a change makes and closes; a rule that is only made anew is neither."""
    before = dict.fromkeys(_openings(change, change.before))
    after = dict.fromkeys(_openings(change, change.after))
    if change.action is Action.REPLACED and _without_unknown(before) == _without_unknown(after):
        return Difference()
    return Difference(
        tuple(line for line in after if line not in before), tuple(line for line in before if line not in after)
    )


def _without_unknown(lines: Mapping[str, None]) -> list[str]:
    """Ports and protocol alone: what they belong to is made anew, too, and has no id yet."""
    return sorted(line.split(" from ")[0].split(" out of ")[0] for line in lines)


def _openings(change: Change, values: Mapping[str, Any]) -> Iterator[str]:
    if not values:
        return
    if change.type in _RULES:
        peer = next((values[key] for key in _PEERS if values.get(key)), UNKNOWN)
        group = values.get("security_group_id", UNKNOWN)
        yield _opening(_RULES[change.type], values.get("ip_protocol"), values, peer, group)
    elif change.type == "aws_security_group_rule":
        way = "into" if values.get("type") == "ingress" else "out of"
        for peer in _inline_peers(values):
            yield _opening(way, values.get("protocol"), values, peer, values.get("security_group_id", UNKNOWN))
    elif change.type in ("aws_security_group", "aws_default_security_group"):
        for block, way in (("ingress", "into"), ("egress", "out of")):
            for rule in values.get(block) or ():
                if isinstance(rule, dict):
                    for peer in _inline_peers(rule):
                        yield _opening(way, rule.get("protocol"), rule, peer, "this group")
    elif change.type == "aws_network_acl_rule" and values.get("rule_action") == "allow":
        way = "out of" if values.get("egress") else "into"
        peer = values.get("cidr_block") or values.get("ipv6_cidr_block") or UNKNOWN
        yield _opening(way, values.get("protocol"), values, peer, values.get("network_acl_id", UNKNOWN))


def _inline_peers(rule: Mapping[str, Any]) -> Iterator[str]:
    for key in _INLINE_PEERS:
        value = rule.get(key)
        yield from value if isinstance(value, list) else [value] if value else []
    if rule.get("self"):
        yield "the group itself"


def _opening(way: str, protocol: object, values: Mapping[str, Any], peer: object, group: object) -> str:
    protocol = "every protocol" if str(protocol) in ("-1", "all") else str(protocol)
    first, last = values.get("from_port"), values.get("to_port")
    port = "" if first is None or protocol == "every protocol" else f" {first}" if first == last else f" {first}-{last}"
    return (
        f"{protocol}{port} from {peer} into {group}" if way == "into" else f"{protocol}{port} out of {group} to {peer}"
    )


def permissions(change: Change) -> Difference:
    """What a change allows more and less: roles' policies, resources' policies, attachments, trust."""
    more: list[str] = []
    less: list[str] = []
    for key in _DOCUMENTS:
        before, after = change.before.get(key), change.after.get(key)
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
    return Difference(tuple(more), tuple(less))


def _texts(value: object) -> list[str]:
    return [str(part) for part in value] if isinstance(value, list) else [str(value)] if value else []
