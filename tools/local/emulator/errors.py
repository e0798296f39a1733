"""Answers for what moto cannot do: HTTP 400 with an AWS-shaped error that names the operation.

moto answers 404, 500 or 501, which the SDKs take for a passing fault and retry for minutes, or for a missing
resource.
"""

import logging
import warnings
from typing import Any

from flask import Flask, Response, request
from moto.backends import get_backend
from moto.core.base_backend import BackendDict
from moto.core.exceptions import ServiceException
from moto.core.model import OperationModel
from moto.core.request import determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model
from werkzeug.exceptions import HTTPException, NotFound

_log = logging.getLogger(__name__)

# Our two codes stand in no service's model, which moto remarks upon at each use.
warnings.filterwarnings("ignore", message=".*does not match an error shape")


class EmulatorException(ServiceException):
    """An error with any code, of any service: moto looks up the error model by the module of an exception's class."""


def _operation(service: str) -> str:
    """The name of the operation, by whichever way the service's protocol says it."""
    if action := request.values.get("Action"):
        return action
    if target := request.headers.get("X-Amz-Target"):
        return target.rpartition(".")[2]
    try:
        operation, _ = get_service_router(service).match(request)  # type: ignore[arg-type]
    except Exception:  # the router knows only the paths of the service's model
        return f"{request.method} {request.path}"
    return str(operation.name)


def install(app: Flask, moto_service: Any) -> None:
    """Give one of moto's applications (it makes one per service) the handler."""
    backend: Any = get_backend(moto_service)
    if not isinstance(backend, BackendDict):
        return  # moto's own pages, not an AWS service
    service = backend.service_name
    model = get_service_model(service)

    def answer(error: Exception) -> Response | HTTPException:
        if isinstance(error, HTTPException) and type(error) is not NotFound:
            return error
        operation = f"{service}:{_operation(service)}"
        if isinstance(error, NotFound | NotImplementedError):
            code, message = "NotImplemented", f"The embedded AWS does not implement {operation}."
            _log.warning("not implemented: %s", operation)
        else:
            code = "EmulatorFault"
            message = f"The embedded AWS failed in {operation}: {type(error).__name__}: {error}"
            _log.exception("fault in %s", operation)
        protocol = determine_request_protocol(model, request.content_type)
        serializer = get_serializer_class(service, protocol)(OperationModel({}, model))
        said = serializer.serialize(EmulatorException(code, message))
        return Response(said["body"], status=400, headers=said["headers"])

    app.register_error_handler(Exception, answer)
