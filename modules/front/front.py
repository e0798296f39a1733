"""CloudFront in front of the API and of static files, with its firewall, log and domain name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cdktf_cdktf_provider_aws.cloudfront_distribution import (
    CloudfrontDistribution,
    CloudfrontDistributionDefaultCacheBehavior,
    CloudfrontDistributionOrderedCacheBehavior,
    CloudfrontDistributionOrigin,
    CloudfrontDistributionOriginCustomOriginConfig,
    CloudfrontDistributionRestrictions,
    CloudfrontDistributionRestrictionsGeoRestriction,
    CloudfrontDistributionViewerCertificate,
)
from cdktf_cdktf_provider_aws.cloudfront_origin_access_control import CloudfrontOriginAccessControl
from cdktf_cdktf_provider_aws.route53_record import Route53Record, Route53RecordAlias
from constructs import Construct

from modules.api.firewall import Firewall
from modules.common.accept import accept
from modules.common.place import Place
from modules.front.access_log import AccessLog
from modules.front.static_files import StaticFiles
from settings.front import FrontSettings

# Ids of AWS's managed policies.
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
_CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
_CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-origin-request-policies.html
_ALL_VIEWER_EXCEPT_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
# HSTS for a year, nosniff, SAMEORIGIN, strict-origin-when-cross-origin.
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-response-headers-policies.html
_SECURITY_HEADERS = "67f7725c-6f97-4210-82d7-5512b31e9d03"
_READ = ["GET", "HEAD"]
_EVERY = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]


class Front(Construct):
    """A distribution: the paths `api_patterns` go to the API and are not cached; all others are static files.

    Both connections use TLS 1.2 or newer; every response has AWS's security headers. The firewall has the rules and the
    `rate_limit` of the API's firewall, and sees the visitors' own addresses. It must be in us-east-1. Static files are
    read with signed requests (origin access control). Requests to the API come from addresses of CloudFront, which the
    API's own firewall requires.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: FrontSettings,
        api_host: str,
        api_path: str | None,
        api_patterns: Sequence[str],
        rate_limit: int,
        user_agent_required: bool,
        place: Place,
    ) -> None:
        super().__init__(scope, id_)
        files = StaticFiles(self, "static", place=place)
        firewall = Firewall(
            self,
            "firewall",
            rate_limit=rate_limit,
            user_agent_required=user_agent_required,
            place=place,
            purpose="front",
            edge=True,
        )
        access = CloudfrontOriginAccessControl(
            self,
            "static-access",
            name=place.names.name("static"),
            origin_access_control_origin_type="s3",
            signing_behavior="always",
            signing_protocol="sigv4",
        )
        shared: dict[str, Any] = {"compress": True, "response_headers_policy_id": _SECURITY_HEADERS}
        distribution = CloudfrontDistribution(
            self,
            "distribution",
            comment=f"Before the API and static files of {place.names.environment}",
            aliases=[settings.name],
            enabled=True,
            is_ipv6_enabled=True,
            http_version="http2and3",
            # North America and Europe: the cheapest price class.
            price_class="PriceClass_100",
            default_root_object="index.html",
            web_acl_id=firewall.arn,
            origin=[
                CloudfrontDistributionOrigin(
                    origin_id="static", domain_name=files.domain_name, origin_access_control_id=access.id
                ),
                CloudfrontDistributionOrigin(
                    origin_id="api",
                    domain_name=api_host,
                    origin_path=api_path,
                    custom_origin_config=CloudfrontDistributionOriginCustomOriginConfig(
                        http_port=80,
                        https_port=443,
                        origin_protocol_policy="https-only",
                        origin_ssl_protocols=["TLSv1.2"],
                    ),
                ),
            ],
            default_cache_behavior=CloudfrontDistributionDefaultCacheBehavior(
                target_origin_id="static",
                viewer_protocol_policy="redirect-to-https",
                allowed_methods=_READ,
                cached_methods=_READ,
                cache_policy_id=_CACHING_OPTIMIZED,
                **shared,
            ),
            ordered_cache_behavior=[
                CloudfrontDistributionOrderedCacheBehavior(
                    path_pattern=pattern,
                    target_origin_id="api",
                    viewer_protocol_policy="https-only",
                    allowed_methods=_EVERY,
                    cached_methods=_READ,
                    cache_policy_id=_CACHING_DISABLED,
                    # API Gateway selects the API by its own host name.
                    origin_request_policy_id=_ALL_VIEWER_EXCEPT_HOST,
                    **shared,
                )
                for pattern in api_patterns
            ],
            restrictions=CloudfrontDistributionRestrictions(
                geo_restriction=CloudfrontDistributionRestrictionsGeoRestriction(restriction_type="none")
            ),
            viewer_certificate=CloudfrontDistributionViewerCertificate(
                acm_certificate_arn=settings.certificate_arn,
                ssl_support_method="sni-only",
                minimum_protocol_version="TLSv1.2_2021",
            ),
        )
        accept(
            distribution,
            {
                "logging_config": None,
                "origin_group": None,
                "default_cache_behavior.response_headers_policy_id": _SECURITY_HEADERS,
            },
            CKV_AWS_86="CloudWatch Logs delivers the log (standard logging v2); this is configured outside the "
            "distribution",
            CKV_AWS_310="there is one API in one region, so no second origin to fail over to",
            CKV_AWS_374="the shop sells to all countries; the service enforces exceptions",
            CKV2_AWS_32="every behaviour has AWS's managed response headers policy, by id",
            CKV2_AWS_47="KnownBadInputs blocks Log4j",
        )
        files.open_to(distribution.arn)
        AccessLog(self, "access-log", distribution_arn=distribution.arn, place=place)
        for kind in ("A", "AAAA"):
            Route53Record(
                self,
                f"record-{kind}",
                zone_id=settings.zone_id,
                name=settings.name,
                type=kind,
                alias=Route53RecordAlias(
                    name=distribution.domain_name, zone_id=distribution.hosted_zone_id, evaluate_target_health=False
                ),
            )
        self.distribution_id = distribution.id
        self.web_acl_name = firewall.name
        self.bucket_name = files.name
        self.url = f"https://{settings.name}"
