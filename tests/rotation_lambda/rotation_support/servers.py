"""Other access rules for the shared server, and servers that are none."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator, Sequence

from rotation_support.world import WAIT_SECONDS, World
from tools.local.postgres import TLS_AND_SCRAM_ONLY


@contextlib.contextmanager
def access_rules(world: World, *rules: str) -> Iterator[None]:
    _use(world, rules)
    try:
        yield
    finally:
        _use(world, TLS_AND_SCRAM_ONLY)


def _use(world: World, rules: Sequence[str]) -> None:
    # Of a new session: the time at which the server read its rules, too.
    loaded = "SELECT pg_conf_load_time()"
    before = world.server.execute(loaded)
    world.server.reload(access_rules=rules)
    world.wait_until(lambda: world.server.execute(loaded) != before)


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
                    connection.settimeout(WAIT_SECONDS)
                    answer(connection)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        ended.set()
        thread.join()
        server.close()
