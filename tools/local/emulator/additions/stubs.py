"""What others have made before the platform: functions behind routes and authorizers, certificates, the domain's zone.

The settings name it and no stack makes it, nor can a test: AWS gives certificates and zones ids of its own choice. So
it stands here as a stub from the moment that a resource needs it. What is in another account is refused as ever.
"""

import base64
import io
import zipfile
from typing import Any

import trustme
from moto.acm.models import AWSCertificateManagerBackend, CertBundle
from moto.awslambda.models import LambdaBackend
from moto.iam.models import iam_backends
from moto.route53.models import FakeZone, Route53Backend

from tools.local.emulator.registry import extend

_ROLE = "emulator-stubs"
_CODE = "def handler(event, context):\n    return {'statusCode': 200, 'body': 'a stub'}\n"


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
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as package:
        package.writestr("stub.py", _CODE)
    backend.create_function(
        {
            "FunctionName": name,
            "Runtime": "python3.13",
            "Handler": "stub.handler",
            "Role": f"arn:{backend.partition}:iam::{backend.account_id}:role/{_ROLE}",
            "Code": {"ZipFile": base64.b64encode(code.getvalue()).decode()},
            "Publish": True,
        }
    )


@extend(AWSCertificateManagerBackend, because="raise CertificateNotFound")
def set_certificate_in_use_by(stock: Any, self: Any, arn: str, load_balancer_name: str) -> None:
    """A listener needs one."""
    own = f"arn:{self.partition}:acm:{self.region_name}:{self.account_id}:certificate/"
    if arn.startswith(own) and arn not in self._certificates:
        issued = trustme.CA().issue_cert("stub.example.com", common_name="stub.example.com")
        pem, key = issued.cert_chain_pems[0].bytes(), issued.private_key_pem.bytes()
        self._certificates[arn] = CertBundle(self.account_id, pem, key, region=self.region_name, arn=arn)
    stock(self, arn, load_balancer_name)


@extend(Route53Backend, because="raise NoSuchHostedZone")
def get_hosted_zone(stock: Any, self: Any, id_: str) -> Any:
    """A record needs one, whose name it must end with: so a stub is the root."""
    id_ = id_.replace("/hostedzone/", "")
    if id_ not in self.zones:
        self.zones[id_] = FakeZone(".", id_, private_zone=False, caller_reference=id_)
    return stock(self, id_)
