"""ACM: certificates that nothing here has made."""

from typing import Any

from moto.acm.models import AWSCertificateManagerBackend

from local.emulator.registry import extend


@extend(AWSCertificateManagerBackend, because="raise CertificateNotFound")
def set_certificate_in_use_by(stock: Any, self: Any, arn: str, load_balancer_name: str) -> None:
    """A listener names a certificate by its ARN, which is validated and issued outside of Terraform. Here it does not
    exist, and the provider would wait five minutes for it.
    """
    if arn in self._certificates:
        stock(self, arn, load_balancer_name)
