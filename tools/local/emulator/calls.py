"""Records the calls that the embedded AWS gets: a line of JSON each, with who called what of which service.

`access_key` tells callers apart, `operation` is that of botocore's model, `status` what was answered. Of what a call
says only identifiers are kept, by dotted path: names, ids and ARNs, never a value such as that of a secret.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any, TextIO
from urllib.parse import parse_qsl

from botocore.exceptions import UnknownServiceError
from moto.core.request import Request
from moto.core.routing import ServiceOperationRouter, get_service_router
from werkzeug.exceptions import NotFound

from tools.synthesized.values import leaves

_CREDENTIAL = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/aws4_request")
_IDENTIFIER = re.compile(r"(arn|id|identifier|name|namespace)s?([.][A-Za-z]+)*([.]\d+)*$", re.IGNORECASE)
# What signs requests under another name than its own, and is told apart by method and path.
_MODELS = {"elasticfilesystem": "efs", "states": "stepfunctions", "tagging": "resourcegroupstaggingapi"}
_router: Any = cache(get_service_router)


class Calls:
    """Writes to `file`; without one it records nothing."""

    def __init__(self, file: TextIO | None) -> None:
        self._file = file

    def note(self, environ: Mapping[str, Any], body: bytes, status: int) -> None:
        """Record a request that was answered with `status`. What is not signed is no call of AWS."""
        signed = _CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
        if self._file is None or signed is None:
            return
        access_key, region, service = signed.groups()
        request = Request({**environ, "wsgi.input": io.BytesIO(body)})
        parameters = _parameters(service, request)
        operation, of_path = _operation(service, request)
        call = {
            "access_key": access_key,
            "region": region,
            "service": service,
            "operation": operation,
            "method": request.method,
            "path": request.path,
            "names": {key: value for key, value in parameters.items() if _identifies(key, value)} | of_path,
            "status": status,
        }
        self._file.write(f"{json.dumps(call)}\n")
        self._file.flush()


def _identifies(key: str, value: object) -> bool:
    return isinstance(value, str) and (value.startswith("arn:") or _IDENTIFIER.search(key) is not None)


def _parameters(service: str, request: Request) -> dict[str, Any]:
    """Those of the query, and of a body that is a form or a JSON object, by their dotted paths. S3's is an object."""
    parameters: dict[str, Any] = dict(request.args)
    body = request.get_data()
    if request.mimetype == "application/x-www-form-urlencoded":
        parameters |= _form(body)
    elif "json" in request.mimetype and body and service != "s3":
        parameters |= {".".join(map(str, path)): value for path, value in leaves(json.loads(body))}
    return parameters


def _form(body: bytes) -> dict[str, str]:
    return dict(parse_qsl(body.decode("utf-8", "replace")))


def _operation(service: str, request: Request) -> tuple[str, dict[str, str]]:
    """By the header, the parameter or the path that a protocol of AWS has for it, and what the path names; else the
    method and the path.
    """
    if target := request.headers.get("X-Amz-Target"):
        return target.rpartition(".")[2], {}
    if action := (dict(request.args) | _form(request.get_data())).get("Action"):
        return str(action), {}
    if found := re.fullmatch(r"/service/\w+/operation/(\w+)", request.path):
        return found[1], {}
    try:
        router: ServiceOperationRouter = _router(_MODELS.get(service, service))
        operation, of_path = router.match(request)
        return str(operation.name), {key: str(value) for key, value in of_path.items()}
    except (NotFound, NotImplementedError, UnknownServiceError):  # as moto and botocore say that they do not know it
        return f"{request.method} {request.path}", {}
