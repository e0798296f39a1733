"""What a killed Terraform made but is in no state, and by which ids Terraform may take it.

Every resource carries the environment's tags (`stacks/base.py`), so that one call of the tagging API lists what exists.
No type is known here, but those that this API does not list.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from tools.deploy import states
from tools.deploy.aws import Regional, pages
from tools.synthesized.stacks import Stack
from tools.synthesized.values import blocks

Tagged = Mapping[str, Mapping[str, str]]
"""ARN -> tags."""

# The import ids of what GetResources does not list (IAM roles, by
# https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/supported-services.html, and what has no tags)
# or whose ARN has none, where a second creation is expected to be refused. Most others without tags are written over.
_UNLISTED = {
    "aws_api_gateway_method": "{rest_api_id}/{resource_id}/{http_method}",
    "aws_api_gateway_method_response": "{rest_api_id}/{resource_id}/{http_method}/{status_code}",
    "aws_api_gateway_stage": "{rest_api_id}/{stage_name}",
    "aws_iam_role": "{name}",
    "aws_kms_alias": "{name}",
    "aws_lambda_permission": "{function_name}/{statement_id}",
    "aws_route": "{route_table_id}_{destination_cidr_block}",
    "aws_route_table_association": "{subnet_id}/{route_table_id}",
}


# How Terraform destroys a cluster. An import sets both to true, whatever is wanted:
# https://github.com/hashicorp/terraform-provider-aws/blob/v5.100.0/internal/service/rds/cluster.go
_UNKNOWN_TO_AWS = frozenset({"delete_automated_backups", "skip_final_snapshot"})


def find(environment: str, stacks: list[Stack], *, client: Regional, s3: Any) -> dict[str, dict[str, str]]:
    """Tags by ARN of what carries the environment's tags and is in none of the stacks' states.

    The tagging API answers for one region, so it is asked in that of each provider. Snapshots, backups and older task
    definitions carry the tags, too, and belong in no state. Raises DeployError when the states cannot be read.
    """
    providers = [one for stack in stacks for one in blocks(stack.configuration.get("provider", {}).get("aws", []))]
    known = {id_ for _, state in states.states(stacks, s3) for id_ in _ids(state)}
    filters = [{"Key": "Environment", "Values": [environment]}]
    return {
        found["ResourceARN"]: {tag["Key"]: tag["Value"] for tag in found["Tags"] if not tag["Key"].startswith("aws:")}
        for region in sorted({str(one["region"]) for one in providers})
        for found in pages(
            client("resourcegroupstaggingapi", region), "get_resources", "ResourceTagMappingList", TagFilters=filters
        )
        if not known & {found["ResourceARN"], _segments(found["ResourceARN"])[-1]}
    }


def _ids(state: Mapping[str, Any]) -> Iterator[str]:
    """The ARNs in a state; of what has none, the id."""
    for resource in state.get("resources", ()):
        for instance in resource["instances"]:
            attributes = instance.get("attributes") or {}
            if id_ := attributes.get("arn") or attributes.get("id"):
                yield id_


def import_ids(change: Mapping[str, Any], orphans: Tagged) -> Iterator[tuple[str, str]]:
    """What may be a planned creation, the likeliest first: an import id, and what it is of, by its ARN where known.

    Terraform is asked which it takes: most types by the end of the ARN, some by the whole.
    """
    type_, planned = change["type"], change["change"]["after"]
    attributes = {key: value for key, value in planned.items() if value}
    if type_ in _UNLISTED:
        with contextlib.suppress(KeyError):  # it belongs to something that is not known yet
            id_ = _UNLISTED[type_].format_map(attributes)
            yield id_, id_
        return
    texts = {value for value in attributes.values() if isinstance(value, str)}
    # A final snapshot has the tags of its cluster, which names it; nothing here is one.
    same = [arn for arn, tags in orphans.items() if tags == planned.get("tags_all") and "snapshot:" not in arn]
    named = {arn for arn in same if texts & {*_segments(arn), _rest(arn)}}
    alike = {arn for arn in same if "Name" in orphans[arn] or _resembles(arn, type_)}
    for arn in sorted(named | alike, key=lambda arn: (arn not in named, not _resembles(arn, type_), arn)):
        ids = dict.fromkeys((_segments(arn)[-1], _rest(arn), arn))
        yield from ((id_, arn) for id_ in sorted(ids, key=lambda id_: id_ not in texts))


def fits(change: Mapping[str, Any]) -> bool:
    """Whether a planned import is of what was meant: not replaced, and nothing that AWS knows of it is different.

    What AWS does not know yet does not count: Terraform may have been killed between two calls for one resource.
    """
    before, after = change["change"]["before"] or {}, change["change"]["after"] or {}
    known = {key: value for key, value in before.items() if key in after and key not in _UNKNOWN_TO_AWS}
    plain = {key: value for key, value in known.items() if value and isinstance(value, (str, int))}
    # A database that is asked for by its major version alone has a minor one.
    same = (after[key] == value or str(value).startswith(f"{after[key]}.") for key, value in plain.items())
    return "delete" not in change["change"]["actions"] and all(same)


def _resource(arn: str) -> str:
    return arn.split(":", 5)[5].lstrip("/")


def _rest(arn: str) -> str:
    """What follows the first word: `/aws/lambda/x` of a log group."""
    return _resource(arn).removeprefix(_segments(arn)[0])[1:] or arn


def _segments(arn: str) -> list[str]:
    return re.split("[:/]", _resource(arn))


def _resembles(arn: str, type_: str) -> bool:
    """Whether the letters of a word of the ARN come in this order from the beginning of a word of the type.

    As `restapis` in `..._rest_api`, not as `secret` in `aws_elasticache_parameter_group`: each wrong guess is a plan.
    """
    words = [re.sub("[^a-z]", "", segment.removesuffix("s")) for segment in _segments(arn)[:-1]]
    return any(re.search("_" + ".*".join(word), type_) for word in words if len(word) > 2)
