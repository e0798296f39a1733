"""The VPC: subnets in three tiers in every zone, with their route tables and network ACLs."""

from __future__ import annotations

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.db_subnet_group import DbSubnetGroup
from cdktf_cdktf_provider_aws.default_network_acl import DefaultNetworkAcl
from cdktf_cdktf_provider_aws.default_security_group import DefaultSecurityGroup
from cdktf_cdktf_provider_aws.elasticache_subnet_group import ElasticacheSubnetGroup
from cdktf_cdktf_provider_aws.internet_gateway import InternetGateway
from cdktf_cdktf_provider_aws.route import Route
from cdktf_cdktf_provider_aws.route_table import RouteTable, RouteTableRoute
from cdktf_cdktf_provider_aws.route_table_association import RouteTableAssociation
from cdktf_cdktf_provider_aws.subnet import Subnet
from cdktf_cdktf_provider_aws.vpc import Vpc
from cdktf_cdktf_provider_aws.vpc_endpoint import VpcEndpoint
from constructs import Construct

from modules.common.policies import Account, document, statement
from modules.network.acls import NetworkAcls
from settings.cidr import plan_subnets
from settings.naming import Naming
from settings.network import NetworkSettings

TIERS = ("public", "private", "data")


class Network(Construct):
    """A VPC over two or three zones.

    *public* contains only NAT gateways. *private* contains tasks, Lambda, endpoints and the load balancer. *data* has
    no route out of the VPC. No subnet assigns public addresses. The default security group and network ACL have no
    rules, so a resource without its own group has no network access. S3 is reached through a free gateway endpoint.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: NetworkSettings,
        zones: tuple[str, ...],
        names: Naming,
        account: Account,
    ) -> None:
        super().__init__(scope, id_)
        self._names = names
        vpc = Vpc(
            self,
            "vpc",
            cidr_block=settings.cidr,
            enable_dns_hostnames=True,
            enable_dns_support=True,
            tags={"Name": names.name("vpc")},
        )
        self.vpc_id = vpc.id
        self.cidr = settings.cidr
        DefaultSecurityGroup(self, "default-security-group", vpc_id=vpc.id, tags={"Name": names.name("default-closed")})
        plan = plan_subnets(settings.cidr, len(zones))
        self._subnets = {
            tier: {
                zone: self._subnet(tier, zone, str(getattr(subnets, tier)))
                for zone, subnets in zip(zones, plan, strict=True)
            }
            for tier in TIERS
        }
        # None of these can move to another VPC, but the provider would try to update them.
        self._with_the_vpc = TerraformResourceLifecycle(replace_triggered_by=[f"aws_vpc.{vpc.friendly_unique_id}.id"])
        self._route(zones)
        acls = NetworkAcls(
            self,
            "network-acls",
            vpc_id=vpc.id,
            vpc_cidr=settings.cidr,
            names=names,
            subnet_ids={tier: self.subnet_ids(tier) for tier in TIERS},
        )
        # A new subnet has the default ACL until its own is associated. Ignored: otherwise the next plan shows a change.
        DefaultNetworkAcl(
            self,
            "default-network-acl",
            default_network_acl_id=vpc.default_network_acl_id,
            tags={"Name": names.name("default-closed")},
            depends_on=acls.lists,
        )
        self.s3_prefix_list_id = self._s3_endpoint(account)
        self.database_subnet_group = DbSubnetGroup(
            self,
            "database-subnet-group",
            name=names.name("database"),
            description="Data subnets for Aurora",
            subnet_ids=self.subnet_ids("data"),
            lifecycle=self._with_the_vpc,
        ).name
        self.cache_subnet_group = ElasticacheSubnetGroup(
            self,
            "cache-subnet-group",
            name=names.name("cache"),
            description="Data subnets for ElastiCache",
            subnet_ids=self.subnet_ids("data"),
            lifecycle=self._with_the_vpc,
        ).name

    def subnet_ids(self, tier: str) -> list[str]:
        """Ids of the subnets of a tier ("public", "private", "data"), in the order of the zones."""
        return list(self._subnets[tier].values())

    def subnet_ids_by_zone(self, tier: str) -> dict[str, str]:
        """The same, by the name of the zone."""
        return dict(self._subnets[tier])

    def _subnet(self, tier: str, zone: str, cidr: str) -> str:
        subnet = Subnet(
            self,
            f"{tier}-subnet-{zone}",
            vpc_id=self.vpc_id,
            availability_zone=zone,
            cidr_block=cidr,
            map_public_ip_on_launch=False,
            tags={"Name": self._names.name(f"{tier}-{zone}"), "Tier": tier},
        )
        return subnet.id

    def _route(self, zones: tuple[str, ...]) -> None:
        """One route table for public, one for data, and one per zone for private, with the zone's NAT gateway."""
        gateway = InternetGateway(
            self,
            "internet-gateway",
            vpc_id=self.vpc_id,
            tags={"Name": self._names.name("internet")},
            lifecycle=self._with_the_vpc,
        )
        public = self._route_table("public")
        Route(
            self,
            "public-route",
            route_table_id=public,
            destination_cidr_block="0.0.0.0/0",
            gateway_id=gateway.id,
        )
        data = self._route_table("data", route=[])  # an empty list: a deployment removes routes that somebody added
        self.private_route_table_ids = {zone: self._route_table(f"private-{zone}") for zone in zones}
        for zone in zones:
            for tier, table in (("public", public), ("private", self.private_route_table_ids[zone]), ("data", data)):
                RouteTableAssociation(
                    self,
                    f"{tier}-association-{zone}",
                    subnet_id=self._subnets[tier][zone],
                    route_table_id=table,
                )

    def _route_table(self, purpose: str, route: list[RouteTableRoute] | None = None) -> str:
        """Without `route`, the routes are separate resources, some of them in other stacks."""
        table = RouteTable(
            self,
            f"{purpose}-route-table",
            vpc_id=self.vpc_id,
            route=route,
            tags={"Name": self._names.name(purpose)},
        )
        return table.id

    def _s3_endpoint(self, account: Account) -> str:
        endpoint = VpcEndpoint(
            self,
            "s3-endpoint",
            vpc_id=self.vpc_id,
            service_name=f"com.amazonaws.{account.region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=list(self.private_route_table_ids.values()),
            policy=s3_endpoint_policy(account),
            tags={"Name": self._names.name("s3")},
        )
        return endpoint.prefix_list_id


def s3_endpoint_policy(account: Account) -> str:
    """Allows the account's identities to use the account's buckets, and to read the bucket with ECR's image layers."""
    return document(
        statement(
            "OwnBuckets",
            principals="*",
            actions=[
                "s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetBucketLocation", "s3:GetObject", "s3:ListBucket",
                "s3:ListMultipartUploadParts", "s3:PutObject",
            ],
            resources=["*"],
            conditions={
                "StringEquals": {"aws:PrincipalAccount": account.id, "aws:ResourceAccount": account.id},
            },
        ),
        statement(
            "ImageLayers",
            principals="*",
            actions=["s3:GetObject"],
            resources=[f"arn:{account.partition}:s3:::prod-{account.region}-starport-layer-bucket/*"],
        ),
    )  # fmt: skip
