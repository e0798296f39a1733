"""The HTTP server: moto's applications behind one lock, on the loopback interface."""

import io
import logging
import os
import signal
import sys
import tempfile
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any

from flask import Flask
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server
from werkzeug.wrappers import Response
from werkzeug.wsgi import get_input_stream

from tools.local.emulator import errors, functions, stubs
from tools.local.emulator.state import STATE

HOST = "127.0.0.1"
# Responses that are kept for a request that is sent again.
_MOST_KEPT = 500
_LARGEST_KEPT_BYTES = 65_536

_log = logging.getLogger(__name__)


class _QuietRequestHandler(MotoRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """One line per request would bury the warnings."""


def _create_app(service: Any) -> Flask:
    app = create_backend_app(service)
    errors.install(app, service)
    return app


def _one_at_a_time(application: Any) -> Any:
    """One request after the other, and each once.

    On a busy machine a client may lose a response and send its request again, which would create or delete a second
    time. AWS SDKs send both with one `amz-sdk-invocation-id` (botocore: `handlers.add_retry_headers`), so the second
    gets the response of the first. A request that failed is served again: that is what retries are for.
    """
    done: OrderedDict[str, Response] = OrderedDict()

    def serve(environ: dict[str, Any], start_response: Any) -> Any:
        # Read the body first: a client that stalls in the middle of one must not hold up everyone else.
        environ["wsgi.input"] = io.BytesIO(get_input_stream(environ).read())
        invocation = environ.get("HTTP_AMZ_SDK_INVOCATION_ID", "")
        with STATE:
            if invocation not in done:
                response = Response.from_app(application, environ, buffered=True)
                if not invocation or response.status_code >= 400 or len(response.get_data()) > _LARGEST_KEPT_BYTES:
                    return response(environ, start_response)
                done[invocation] = response
                if len(done) > _MOST_KEPT:
                    done.popitem(last=False)
            else:
                _log.warning("a request was repeated: %s %s", environ["REQUEST_METHOD"], invocation)
            return done[invocation](environ, start_response)

    return serve


def _with_stubs(application: Any) -> Any:
    """What AWS itself has no call for: things under an id of the caller's choice."""

    def serve(environ: dict[str, Any], start_response: Any) -> Any:
        if environ["PATH_INFO"] != stubs.PATH:
            return application(environ, start_response)
        try:
            stubs.make(environ["wsgi.input"].read(), os.environ["MOTO_ACCOUNT_ID"])
            answer = Response(status=204)
        except Exception as error:
            _log.exception("fault in %s", stubs.PATH)
            answer = Response(f"{type(error).__name__}: {error}", status=400)
        return answer(environ, start_response)

    return serve


def _write_atomically(path: Path, text: str) -> None:
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    partial.write_text(text)
    partial.replace(path)


def _stop_on_signals(server: BaseWSGIServer) -> None:
    def stop(*_: Any) -> None:
        # shutdown() waits for the loop of serve_forever(), which this handler has interrupted.
        threading.Thread(target=server.shutdown).start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)


def _stop_at_end_of_input(server: BaseWSGIServer) -> None:
    def watch() -> None:
        while os.read(sys.stdin.fileno(), 4096):  # not sys.stdin.read(): its lock would block the interpreter's end
            pass
        _log.warning("standard input was closed: the process that started the emulator has gone")
        server.shutdown()

    threading.Thread(target=watch, daemon=True).start()


def serve(port: int, *, port_file: Path | None, lambda_config: Path | None, exit_with_stdin: bool) -> None:
    """Serve until SIGTERM, SIGINT or, where asked for, the end of standard input."""
    application = _one_at_a_time(_with_stubs(DomainDispatcherApplication(_create_app)))
    server = make_server(HOST, port, application, threaded=True, request_handler=_QuietRequestHandler)
    os.environ["MOTO_PORT"] = str(server.port)
    functions.SETTINGS.endpoint_url = f"http://{HOST}:{server.port}"
    functions.SETTINGS.overrides_file = lambda_config
    _stop_on_signals(server)
    if exit_with_stdin:
        _stop_at_end_of_input(server)
    if port_file:
        _write_atomically(port_file, str(server.port))
    _log.info("serving on %s", functions.SETTINGS.endpoint_url)
    with tempfile.TemporaryDirectory(prefix="lambda-", ignore_cleanup_errors=True) as directory, server:
        functions.SETTINGS.directory = Path(directory)
        server.serve_forever()
