"""The service's security group and all its rules."""

from __future__ import annotations

import re

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_aws.vpc_security_group_egress_rule import VpcSecurityGroupEgressRule
from constructs import Construct

from modules.common.place import Place
from modules.common.security_groups import closed_security_group, open_port
from modules.network import Network
from modules.service.links import ServiceLinks
from settings.service import OutboundRule, ServiceSettings

_HTTPS = 443


class ServicePath(Construct):
    """Only the load balancer can reach this group. The group has access to the database, Redis and files.

    AWS services are called through the interface endpoints, and image layers come through the gateway endpoint of S3.
    `service.outbound` lists the destinations outside the VPC, which are reached through NAT. Workers and jobs share the
    group.

    A task must depend on `all`; otherwise it could start before it can pull its image.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: ServiceSettings,
        place: Place,
        network: Network,
        load_balancer_group_id: str,
        links: ServiceLinks,
    ) -> None:
        super().__init__(scope, id_)
        group = closed_security_group(
            self,
            "security-group",
            name=place.names.name("service"),
            description="Tasks of the service",
            vpc_id=network.vpc_id,
        )
        self.security_group_id = group.id
        rules = [
            *self._allow("load balancer", load_balancer_group_id, "service", group.id, settings.port),
            *self._allow("service", group.id, "database", links.database.security_group_id, links.database.port),
            *self._allow("service", group.id, "redis", links.cache.security_group_id, links.cache.port),
        ]
        if links.storage is not None and settings.mounts:
            rules += self._allow("service", group.id, "files", links.storage.security_group_id, links.storage.port)
        if links.endpoint_group_id is not None:
            rules += self._allow("service", group.id, "endpoints", links.endpoint_group_id, _HTTPS)
        rules.append(
            VpcSecurityGroupEgressRule(
                self,
                "to-s3",
                security_group_id=group.id,
                description="Service to S3, which holds the layers of images",
                prefix_list_id=network.s3_prefix_list_id,
                ip_protocol="tcp",
                from_port=_HTTPS,
                to_port=_HTTPS,
            )
        )
        rules += [self._to_outside(rule, group.id) for rule in settings.outbound]
        self.all: tuple[ITerraformDependable, ...] = tuple(rules)

    def _to_outside(self, rule: OutboundRule, group_id: str) -> VpcSecurityGroupEgressRule:
        is_world = (rule.cidr, rule.port) == ("0.0.0.0/0", _HTTPS)
        target = rule.cidr or rule.prefix_list or ""
        return VpcSecurityGroupEgressRule(
            self,
            "to-world" if is_world else f"to-{re.sub('[^0-9a-z]', '-', target)}-{rule.port}",
            security_group_id=group_id,
            description=f"Tasks to {'the internet' if is_world else target} through NAT",
            cidr_ipv4=rule.cidr,
            prefix_list_id=rule.prefix_list,
            ip_protocol="tcp",
            from_port=rule.port,
            to_port=rule.port,
        )

    def _allow(
        self, source: str, source_group_id: str, target: str, target_group_id: str, port: int
    ) -> tuple[ITerraformDependable, ITerraformDependable]:
        """From the source's group to the target's group."""
        id_ = f"{source.replace(' ', '-')}-{target}"
        return open_port(
            self,
            port,
            ids=(f"{id_}-out", f"{id_}-in"),
            groups=(source_group_id, target_group_id),
            descriptions=(f"{source.capitalize()} to {target}", f"From {source}"),
        )
