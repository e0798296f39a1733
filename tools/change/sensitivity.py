"""Takes the mark "sensitive" off the values that say nothing secret.

CDKTF marks every value that one stack hands to another, and Terraform passes the mark on: ids of subnets and groups,
and whole policies that name one ARN. Nobody could review those. A value is shown when all that it is made of is text of
the configuration and names, ids, ARNs or addresses; whatever came from anything else, or stands in an attribute with
the name of a secret, stays hidden.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tools.synthesized.values import leaves

# CDKTF ends the name of such an output with the attribute that it holds, after the eight digits of the resource's id.
_HANDED_ON = re.compile(r"cross-stack-output-.+_[0-9A-F]{8}(\w+)")
_REMOTE = re.compile(r"data\.terraform_remote_state\.[\w-]+\.outputs\.(cross-stack-output-[\w.-]+)")
_PUBLIC = re.compile(r"(^|_|\d)(arn|arn_suffix|id|identifier|name|endpoint|address|port|alias|zone|url|cidr_block)s?$")
_SECRET = re.compile(r"password|token|secret|credential|private|auth")


def without_needless(document: Mapping[str, Any]) -> dict[str, Any]:
    """The plan with every mark taken off that hides nothing; what `terraform show -json` printed stays as it is."""
    configured = document.get("configuration", {}).get("root_module", {}).get("resources", ())
    expressions = {resource["address"]: resource.get("expressions", {}) for resource in configured}
    changes = [_resource(item, expressions) for item in document.get("resource_changes", ())]
    open_ = {"before_sensitive": False, "after_sensitive": False}
    found = document.get("output_changes", {})
    outputs = {name: {**item, **open_} if _names_public(name) else item for name, item in found.items()}
    return {**document, "resource_changes": changes, "output_changes": outputs}


def _resource(item: Mapping[str, Any], expressions: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    own = expressions.get(re.sub(r"\[[^\]]*\]$", "", item["address"]), {})
    shown = {attribute for attribute, value in own.items() if _is_public(attribute, value)}
    masks = {
        side: {key: mask for key, mask in item["change"][side].items() if key not in shown}
        for side in ("before_sensitive", "after_sensitive")
        if isinstance(item["change"].get(side), dict)
    }
    return {**item, "change": {**item["change"], **masks}}


def _is_public(attribute: str, expression: Any) -> bool:
    references = [str(value) for path, value in leaves(expression) if "references" in path]  # in blocks, too
    handed_on = [found[1] for reference in references if (found := _REMOTE.fullmatch(reference))]
    if not handed_on or (_SECRET.search(attribute) and not _PUBLIC.search(attribute)):
        return False
    # Terraform lists `a.b.c` and then `a.b`, too: what is only the beginning of another says nothing of its own.
    whole = [one for one in references if not any(other.startswith((f"{one}.", f"{one}[")) for other in references)]
    return all(_names_public(name) for name in handed_on) and all(
        _REMOTE.fullmatch(reference) or _is_public_attribute(reference) for reference in whole
    )


def _names_public(output: str) -> bool:
    found = _HANDED_ON.fullmatch(output)
    return found is not None and _PUBLIC.search(found[1]) is not None


def _is_public_attribute(reference: str) -> bool:
    """Whether `type.name.attribute` is an id or the like."""
    return reference.startswith("aws_") and _PUBLIC.search(reference.rsplit(".", 1)[-1]) is not None
