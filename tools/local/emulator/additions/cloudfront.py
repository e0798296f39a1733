"""CloudFront: origin access control, behaviours by cache policy, certificates of one's own."""

from typing import Any

from moto.cloudfront.models import DefaultCacheBehaviour, Origin, ViewerCertificate

from tools.local.emulator.registry import extend


@extend(Origin, "__init__", unless="OriginAccessControlId")
def origin_init(stock: Any, self: Any, origin: dict[str, Any]) -> None:
    """moto drops the access control."""
    stock(self, origin)
    self.origin_access_control_id = origin.get("OriginAccessControlId") or ""


@extend(DefaultCacheBehaviour, "__init__", because='config.get("ForwardedValues", {})')
def behaviour_init(stock: Any, self: Any, config: dict[str, Any]) -> None:
    """moto shows forwarded values where a cache policy takes their place: the next plan would remove them."""
    stock(self, config)
    if self.cache_policy_id:
        self.forwarded_values = None


@extend(ViewerCertificate, "__init__", unless='not config.get("ACMCertificateArn")')
def certificate_init(stock: Any, self: Any, config: dict[str, Any]) -> None:
    """moto says that CloudFront's own certificate is used even where another is named."""
    stock(self, config)
    if self.acm_certificate_arn:
        self.cloud_front_default_certificate = False
