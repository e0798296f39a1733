"""A custom domain name for a REST API."""

from __future__ import annotations

from cdktf_cdktf_provider_aws.api_gateway_domain_name import (
    ApiGatewayDomainName,
    ApiGatewayDomainNameEndpointConfiguration,
)
from cdktf_cdktf_provider_aws.route53_record import Route53Record, Route53RecordAlias
from constructs import Construct

from settings.api import DomainSettings


class Domain(Construct):
    """A regional domain name with TLS 1.2 and its DNS record. The stage stack maps the stage to it."""

    def __init__(self, scope: Construct, id_: str, *, settings: DomainSettings) -> None:
        super().__init__(scope, id_)
        domain = ApiGatewayDomainName(
            self,
            "name",
            domain_name=settings.name,
            regional_certificate_arn=settings.certificate_arn,
            security_policy="TLS_1_2",
            endpoint_configuration=ApiGatewayDomainNameEndpointConfiguration(types=["REGIONAL"]),
        )
        Route53Record(
            self,
            "record",
            zone_id=settings.zone_id,
            name=settings.name,
            type="A",
            alias=Route53RecordAlias(
                name=domain.regional_domain_name, zone_id=domain.regional_zone_id, evaluate_target_health=False
            ),
        )
        self.name = domain.domain_name
