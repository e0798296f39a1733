"""Resource Groups Tagging API: what moto's services do not list of their tagged resources, and AWS does."""

from collections.abc import Iterator
from typing import Any

from moto.apigateway.models import apigateway_backends
from moto.core.resource_tagging import TaggedResource, make_tag_matcher
from moto.ec2.models import ec2_backends
from moto.ecr.models import ecr_backends
from moto.elasticache.models import elasticache_backends
from moto.elbv2.models import elbv2_backends
from moto.events.models import events_backends
from moto.rds.models import rds_backends
from moto.resourcegroupstaggingapi.models import ResourceGroupsTaggingAPIBackend
from moto.wafv2.models import wafv2_backends

from tools.local.emulator.registry import extend

# The beginning of an id -> the word in the ARN, as in
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html#amazonec2-resources-for-iam-policies
_EC2 = {
    "acl": "network-acl",
    "eipalloc": "elastic-ip",
    "fl": "vpc-flow-log",
    "sgr": "security-group-rule",
    "vpce": "vpc-endpoint",
}


@extend(ResourceGroupsTaggingAPIBackend, because="backend.iter_tagged_resources()")
def _get_resources_generator(
    stock: Any, self: Any, tag_filters: Any = None, **other_filters: Any
) -> Iterator[TaggedResource]:
    """Without a filter of types, which the platform does not use, the rest comes after moto's own."""
    listed = set()
    for resource in stock(self, tag_filters, **other_filters):
        listed.add(resource.arn)
        if ":flow-logs/" not in resource.arn:  # moto's word; AWS's is `vpc-flow-log`
            yield resource
    if any(other_filters.values()):
        return
    matches = make_tag_matcher(tag_filters)
    for arn, tags in _rest(self.account_id, self.region_name):
        if arn not in listed and tags and matches(tags):
            yield TaggedResource(arn, tags, arn.split(":")[2])


def _is_gone(ec2: Any, id_: str) -> bool:
    """moto keeps VPC endpoints that were deleted, the default network ACL of a deleted VPC, and the tags of others."""
    if id_.startswith("acl-"):
        acl = ec2.network_acls.get(id_)
        return acl is None or acl.vpc_id not in ec2.vpcs
    endpoint = ec2.vpc_end_points.get(id_)
    return id_.startswith("vpce-") and (endpoint is None or endpoint.state == "deleted")


def _rest(account: str, region: str) -> Iterator[tuple[str, dict[str, str]]]:
    ec2 = ec2_backends[account][region]
    for id_, tags in list(ec2.tags.items()):
        if (word := _EC2.get(id_.split("-")[0])) and not _is_gone(ec2, id_):
            yield f"arn:{ec2.partition}:ec2:{region}:{account}:{word}/{id_}", dict(tags)
    api = apigateway_backends[account][region]
    for word in ("apis", "keys", "usage_plans", "vpc_links"):
        path = {"apis": "restapis", "keys": "apikeys"}.get(word, word.replace("_", ""))
        for id_, made in list(getattr(api, word).items()):
            arn = f"arn:{api.partition}:apigateway:{region}::/{path}/{id_}"
            yield arn, dict(made.tags or {})
            for name, stage in getattr(made, "stages", {}).items():
                yield f"{arn}/stages/{name}", dict(stage.tags or {})
    rds = rds_backends[account][region]
    for groups in (rds.subnet_groups, rds.db_parameter_groups, rds.db_cluster_parameter_groups):
        for group in list(groups.values()):
            yield group.arn, {tag["Key"]: tag["Value"] for tag in group.get_tags()}
    backends: Any
    for backends in (ecr_backends, elasticache_backends, elbv2_backends, events_backends, wafv2_backends):
        backend = backends[account][region]
        for arn, tags in list((getattr(backend, "tagger", None) or backend.tagging_service).tags.items()):
            yield arn, dict(tags)
