"""The access log of a distribution (standard logging v2), in CloudWatch Logs of us-east-1."""

from __future__ import annotations

from cdktf_cdktf_provider_aws.cloudwatch_log_delivery import CloudwatchLogDelivery
from cdktf_cdktf_provider_aws.cloudwatch_log_delivery_destination import (
    CloudwatchLogDeliveryDestination,
    CloudwatchLogDeliveryDestinationDeliveryDestinationConfiguration,
)
from cdktf_cdktf_provider_aws.cloudwatch_log_delivery_source import CloudwatchLogDeliverySource
from constructs import Construct

from modules.common.encryption import log_group
from modules.common.place import Place

# No cookies and no query strings, so that no tokens and no personal data are logged (PCI DSS 3.4, 10.2.2).
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html
FIELDS = (
    "date",
    "time",
    "x-edge-location",
    "c-ip",
    "cs-method",
    "cs(Host)",
    "cs-uri-stem",
    "sc-status",
    "cs(User-Agent)",
    "x-edge-result-type",
    "x-edge-request-id",
    "cs-protocol",
    "cs-bytes",
    "sc-bytes",
    "time-taken",
    "ssl-protocol",
    "ssl-cipher",
    "x-edge-response-result-type",
    "cs-protocol-version",
)


class AccessLog(Construct):
    """An encrypted log group, and the delivery of a distribution's log into it.

    AWS writes the group's resource policy when the first delivery is made.
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging.html
    """

    def __init__(self, scope: Construct, id_: str, *, distribution_arn: str, place: Place) -> None:
        super().__init__(scope, id_)
        name = place.names.name("front")
        group = log_group(
            self,
            "log",
            # Log groups with this prefix share one entry in AWS's resource policy.
            name=f"/aws/vendedlogs{place.names.path('front')}",
            retention_days=place.log_retention_days,
            key_arn=place.logs_key_arn,
        )
        source = CloudwatchLogDeliverySource(
            self, "source", name=name, resource_arn=distribution_arn, log_type="ACCESS_LOGS"
        )
        destination = CloudwatchLogDeliveryDestination(
            self,
            "destination",
            name=name,
            output_format="json",
            delivery_destination_configuration=[
                CloudwatchLogDeliveryDestinationDeliveryDestinationConfiguration(destination_resource_arn=group.arn)
            ],
        )
        CloudwatchLogDelivery(
            self,
            "delivery",
            delivery_source_name=source.name,
            delivery_destination_arn=destination.arn,
            record_fields=list(FIELDS),
        )
