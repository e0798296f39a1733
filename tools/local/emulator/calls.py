"""Records the calls that the embedded AWS gets: a line of JSON each, with who called what of which service.

`access_key` tells callers apart, `operation` is that of botocore's model, `status` what was answered. Of what a call
names only identifiers are kept: names, ids and ARNs, never a value such as that of a secret.
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

_CREDENTIAL = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/aws4_request")
_IDENTIFIER = re.compile(r"(arn|id|identifier|name)s?([.][A-Za-z]+)*([.]\d+)*$", re.IGNORECASE)
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
        parameters = _parameters(request)
        call = {
            "access_key": access_key,
            "region": region,
            "service": service,
            "operation": _operation(service, request, parameters),
            "path": request.path,
            "names": {key: value for key, value in parameters.items() if _IDENTIFIER.search(key)},
            "status": status,
        }
        self._file.write(f"{json.dumps(call)}\n")
        self._file.flush()


def _parameters(request: Request) -> dict[str, Any]:
    """Those of the query, and of a body that is a form or a JSON object."""
    parameters: dict[str, Any] = dict(request.args)
    body = request.get_data()
    if request.mimetype == "application/x-www-form-urlencoded":
        parameters |= dict(parse_qsl(body.decode("utf-8", "replace")))
    elif "json" in request.mimetype and body:
        sent = json.loads(body)
        parameters |= sent if isinstance(sent, dict) else {}
    return parameters


def _operation(service: str, request: Request, parameters: Mapping[str, Any]) -> str:
    """By the header, the parameter or the path that a protocol of AWS has for it; else the method and the path."""
    if target := request.headers.get("X-Amz-Target"):
        return target.rpartition(".")[2]
    if isinstance(action := parameters.get("Action"), str):
        return action
    if found := re.fullmatch(r"/service/\w+/operation/(\w+)", request.path):
        return found[1]
    try:
        router: ServiceOperationRouter = _router(_MODELS.get(service, service))
        return str(router.match(request)[0].name)
    except (NotFound, NotImplementedError, UnknownServiceError):
        return f"{request.method} {request.path}"
