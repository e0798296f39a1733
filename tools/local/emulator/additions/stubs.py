"""What others have made before the platform: functions behind routes and authorizers, certificates, the domain's zone.

The settings name it and no stack makes it, nor can a test: AWS gives certificates and zones ids of its own choice. So
it stands here as a stub from the moment that a resource needs it. What is in another account is refused as ever.
"""

from typing import Any

from moto.acm.models import AWSCertificateManagerBackend
from moto.awslambda.models import LambdaBackend
from moto.iam.models import iam_backends
from moto.route53.models import FakeZone, Route53Backend

from tools.local.emulator.registry import extend

_ROLE = "emulator-stubs"


@extend(LambdaBackend, because="fn = self.get_function(function_name, qualifier)")
def add_permission(stock: Any, self: Any, function_name: str, qualifier: str, raw: str) -> Any:
    """Whoever is to call a function has its permission first; it may be that of an alias or a version."""
    name = function_name.removeprefix(f"arn:{self.partition}:lambda:{self.region_name}:{self.account_id}:function:")
    if ":" not in name and name not in {function.function_name for function in self.list_functions()}:
        _make_function(self, name)
    if qualifier and qualifier.isdigit():
        while qualifier not in {str(function.version) for function in self.list_versions_by_function(name)}:
            self.get_function(name).code_or_config_updated = True  # nothing else makes a further version
            self.publish_version(name)
    elif qualifier and qualifier not in {alias.name for alias in self.list_aliases(name)}:
        self.create_alias(qualifier, name, "1", "", None)
    return stock(self, name, qualifier, raw)


def _make_function(backend: Any, name: str) -> None:
    iam: Any = iam_backends[backend.account_id][backend.partition]
    if _ROLE not in {role.name for role in iam.get_roles()}:
        iam.create_role(_ROLE, "{}", "/", None, "of stubs", [], "3600")
    backend.create_function(
        {
            "FunctionName": name,
            "Runtime": "python3.13",
            "Handler": "stub.handler",
            "Role": f"arn:{backend.partition}:iam::{backend.account_id}:role/{_ROLE}",
            "Code": {"ZipFile": ""},
            "Publish": True,
        }
    )


@extend(AWSCertificateManagerBackend, because="raise CertificateNotFound")
def set_certificate_in_use_by(stock: Any, self: Any, arn: str, load_balancer_name: str) -> None:
    """A listener needs one, and nothing more of it than its ARN."""
    own = f"arn:{self.partition}:acm:{self.region_name}:{self.account_id}:certificate/"
    if arn in self._certificates or not arn.startswith(own):
        stock(self, arn, load_balancer_name)


@extend(Route53Backend, because="raise NoSuchHostedZone")
def get_hosted_zone(stock: Any, self: Any, id_: str) -> Any:
    """A record needs one, whose name it must end with: so a stub is the root."""
    id_ = id_.replace("/hostedzone/", "")
    if id_ not in self.zones:
        zone: Any = FakeZone
        self.zones[id_] = zone(".", id_, private_zone=False, caller_reference=id_)
    return stock(self, id_)
