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
from moto.core.responses import ActionResult, BaseResponse
from werkzeug.exceptions import HTTPException, NotFound

_log = logging.getLogger(__name__)

# Our codes stand in no service's model, which moto remarks upon at each use.
warnings.filterwarnings("ignore", message=".*does not match an error shape")


class EmulatorException(ServiceException):
    """An error with any code, of any service: moto looks up the error model by the module of an exception's class."""


def install(app: Flask, moto_service: Any) -> None:
    """Give one of moto's applications (it makes one per service) the handler."""
    backend: Any = get_backend(moto_service)
    if not isinstance(backend, BackendDict):
        return  # moto's own pages, not an AWS service

    def answer(error: Exception) -> Response | HTTPException:
        if isinstance(error, HTTPException) and type(error) is not NotFound:
            return error
        service: Any = BaseResponse(backend.service_name)
        service.setup_class(request, use_raw_body=True)
        operation = f"{backend.service_name}:{service._get_action() or f'{request.method} {request.path}'}"
        if isinstance(error, NotFound | NotImplementedError):  # as moto says that it lacks an operation
            code, message = "NotImplemented", f"The embedded AWS does not implement {operation}."
            _log.warning("not implemented: %s", operation)
        else:
            code = "EmulatorFault"
            message = f"The embedded AWS failed in {operation}: {type(error).__name__}: {error}"
            _log.exception("fault in %s", operation)
        _, headers, body = service.serialized(ActionResult(EmulatorException(code, message)))
        return Response(body, status=400, headers=headers)

    app.register_error_handler(Exception, answer)
