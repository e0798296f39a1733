"""Other access rules for the shared server, and servers that are none."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

from local.postgres import TLS_AND_SCRAM_ONLY
from rotation_support.world import World


@contextlib.contextmanager
def access_rules(world: World, *rules: str) -> Iterator[None]:
    world.server.reload(access_rules=rules)
    time.sleep(0.3)
    try:
        yield
    finally:
        world.server.reload(access_rules=TLS_AND_SCRAM_ONLY)
        time.sleep(0.3)


@contextlib.contextmanager
def listener(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server on 127.0.0.1 that does `answer` with each connection; its port."""
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(0.1)
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            with contextlib.suppress(OSError):
                connection, _ = server.accept()
                with connection:
                    connection.settimeout(5)
                    answer(connection)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        ended.set()
        thread.join()
        server.close()
