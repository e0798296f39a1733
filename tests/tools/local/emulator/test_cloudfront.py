from typing import Any

from tests.tools.local.emulator.conftest import ACCOUNT_ID, Client

CERTIFICATE = f"arn:aws:acm:us-east-1:{ACCOUNT_ID}:certificate/00000000-0000-0000-0000-000000000000"


def test_a_distribution_is_shown_as_it_was_written(client: Client, name: str) -> None:
    cloudfront = client("cloudfront")
    behaviour: Any = {
        "TargetOriginId": "static",
        "ViewerProtocolPolicy": "https-only",
        "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
    }
    config: Any = {
        "CallerReference": name,
        "Comment": "",
        "Enabled": True,
        "Origins": {
            "Quantity": 1,
            "Items": [
                {
                    "Id": "static",
                    "DomainName": "static.s3.ca-central-1.amazonaws.com",
                    "OriginAccessControlId": "access-1",
                }
            ],
        },
        "DefaultCacheBehavior": behaviour,
        "ViewerCertificate": {"ACMCertificateArn": CERTIFICATE, "SSLSupportMethod": "sni-only"},
    }
    made = cloudfront.create_distribution(DistributionConfig=config)["Distribution"]

    found = cloudfront.get_distribution_config(Id=made["Id"])["DistributionConfig"]
    assert found["Origins"]["Items"][0]["OriginAccessControlId"] == "access-1"
    assert "ForwardedValues" not in found["DefaultCacheBehavior"]
    assert found["ViewerCertificate"]["ACMCertificateArn"] == CERTIFICATE
    assert found["ViewerCertificate"]["CloudFrontDefaultCertificate"] is False
