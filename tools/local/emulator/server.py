"""The HTTP server: moto's applications behind one lock, on the loopback interface."""

import io
import logging
import os
import signal
import stat
import sys
import tempfile
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any

from flask import Flask
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server
from werkzeug.wrappers import Response
from werkzeug.wsgi import get_input_stream

from tools.local.emulator import errors, functions
from tools.local.emulator.calls import Calls
from tools.local.emulator.environment import HOST
from tools.local.emulator.state import STATE

# Responses that are kept for a request that is sent again.
_MOST_KEPT = 500
_LARGEST_KEPT_BYTES = 65_536

_log = logging.getLogger(__name__)


def _create_app(service: Any) -> Flask:
    app = create_backend_app(service)
    errors.install(app, service)
    return app


def _one_at_a_time(application: Any, calls: Calls) -> Any:
    """Every request to the embedded AWS comes through here: one after the other, and each once.

    On a busy machine a client may lose a response and send its request again, which would create or delete a second
    time. AWS SDKs send both with one `amz-sdk-invocation-id` (botocore: `handlers.add_retry_headers`), so the second
    gets the response of the first. A request that failed is served again: that is what retries are for.
    """
    done: OrderedDict[str, Response] = OrderedDict()

    def serve(environ: dict[str, Any], start_response: Any) -> Any:
        # Read the body first: a client that stalls in the middle of one must not hold up everyone else.
        body = get_input_stream(environ).read()
        environ["wsgi.input"] = io.BytesIO(body)
        invocation = environ.get("HTTP_AMZ_SDK_INVOCATION_ID", "")
        with STATE:
            if invocation not in done:
                response = Response.from_app(application, environ, buffered=True)
                calls.note(environ, body, response.status_code)
                if not invocation or response.status_code >= 400 or len(response.get_data()) > _LARGEST_KEPT_BYTES:
                    return response(environ, start_response)
                done[invocation] = response
                if len(done) > _MOST_KEPT:
                    done.popitem(last=False)
            else:
                _log.warning("a request was repeated: %s %s", environ["REQUEST_METHOD"], invocation)
            return done[invocation](environ, start_response)

    return serve


def _end_with_stdin() -> None:
    while os.read(sys.stdin.fileno(), 4096):  # not sys.stdin.read(): its lock would block the interpreter's end
        pass
    _log.warning("standard input was closed: the process that started the emulator has gone")
    os.kill(os.getpid(), signal.SIGTERM)


def serve(listening: int, lambda_config: Path | None, calls: Path | None) -> None:
    """Serve on a listening socket until SIGTERM, SIGINT or the end of the pipe that standard input may be.

    Every call is recorded in the file `calls`, which begins anew.
    """
    # One line per request would bury the warnings.
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    record = Calls(calls.open("w", encoding="utf-8") if calls is not None else None)
    application = _one_at_a_time(DomainDispatcherApplication(_create_app), record)
    server = make_server(HOST, 0, application, threaded=True, request_handler=MotoRequestHandler, fd=listening)
    os.environ["MOTO_PORT"] = str(server.port)
    # By default SIGTERM ends a process without cleaning up, and a job of a shell without a terminal ignores SIGINT.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.default_int_handler)
    if stat.S_ISFIFO(os.fstat(sys.stdin.fileno()).st_mode):
        threading.Thread(target=_end_with_stdin, daemon=True).start()
    with tempfile.TemporaryDirectory(prefix="lambda-", ignore_cleanup_errors=True) as directory, server:
        vars(functions.HOST).update(
            endpoint_url=f"http://{HOST}:{server.port}", directory=Path(directory), overrides_file=lambda_config
        )
        server.serve_forever()
