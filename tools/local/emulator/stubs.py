"""Stubs of what is made outside of the platform, under the very ARNs that its settings name.

AWS gives certificates and zones an id of its own choice, so that no call of AWS could make them. The pools and secrets
that the settings name are no stubs: nothing of the embedded AWS asks for them.
"""

from __future__ import annotations

import base64
import io
import os
import zipfile
from collections.abc import Callable
from typing import Any

from flask import request
from moto.acm.models import CertBundle, acm_backends
from moto.awslambda.models import lambda_backends
from moto.iam.models import iam_backends
from moto.route53.models import HostedZoneIdentifier, route53_backends
from moto.utilities.id_generator import moto_id_manager

from tools.local.certificates import CertificateAuthority

_ROLE = "emulator-stubs"
_CODE = "def handler(event, context):\n    return {'statusCode': 200, 'body': 'a stub'}\n"


def make() -> tuple[str, int]:
    """Serve a request: make what its list names."""
    for arn in request.get_json(force=True):
        service, region = arn.split(":")[2:4]
        if service not in _MAKERS:
            return f"there is no stub of {arn}", 400
        _MAKERS[service](arn, os.environ["MOTO_ACCOUNT_ID"], region)
    return "", 204


def _function(arn: str, account_id: str, region: str) -> None:
    backend: Any = lambda_backends[account_id][region]
    name, qualifier = [*arn.split(":")[6:], ""][:2]
    if name not in {function.function_name for function in backend.list_functions()}:
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as package:
            package.writestr("stub.py", _CODE)
        backend.create_function(
            {
                "FunctionName": name,
                "Runtime": "python3.13",
                "Handler": "stub.handler",
                "Role": _role(account_id),
                "Code": {"ZipFile": base64.b64encode(code.getvalue()).decode()},
                "Publish": True,
            }
        )
    if qualifier.isdigit():
        while arn not in {found.function_arn for found in backend.list_versions_by_function(name)}:
            backend.get_function(name).code_or_config_updated = True  # nothing else makes a further version
            backend.publish_version(name)
    elif qualifier and qualifier not in {alias.name for alias in backend.list_aliases(name)}:
        backend.create_alias(qualifier, name, "1", "", None)


def _role(account_id: str) -> str:
    """The role of every function, which has to exist; Lambda is asked by nobody whether it may take it."""
    backend: Any = iam_backends[account_id]["aws"]
    made = next((role for role in backend.get_roles() if role.name == _ROLE), None)
    return str((made or backend.create_role(_ROLE, "{}", "/", None, "of stubs", [], "3600")).arn)


def _certificate(arn: str, account_id: str, region: str) -> None:
    backend: Any = acm_backends[account_id][region]
    if arn not in backend._certificates:
        issued = CertificateAuthority().issue("stub.example.com")
        backend._certificates[arn] = CertBundle(account_id, issued.certificate, issued.key, region=region, arn=arn)


def _zone(arn: str, account_id: str, region: str) -> None:
    backend: Any = route53_backends[account_id]["aws"]
    id_, name = arn.rpartition("/")[2].split()
    if id_ not in backend.zones:
        moto_id_manager.set_custom_id(HostedZoneIdentifier(account_id, name, None), id_)
        backend.create_hosted_zone(name, private_zone=False)


_MAKERS: dict[str, Callable[[str, str, str], None]] = {
    "acm": _certificate,
    "lambda": _function,
    "route53": _zone,
}
