"""What stands between the Lambda and the database: a proxy that cuts or freezes, and a server that only speaks TLS."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import struct
import threading
from collections.abc import Iterator

import trustme

from rotation_support.servers import listener


class Proxy:
    """Forwards connections to `target`. `after` chunks from the server it cuts or freezes a connection, where that is
    asked for; `freeze` freezes those that are open: nothing is forwarded any more, and nothing closed.
    """

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self.cut_after: int | None = None
        self.freeze_after: int | None = None
        self.connections = 0
        self._frozen = threading.Event()
        self._ended = threading.Event()

    def freeze(self) -> None:
        self._frozen.set()

    def thaw(self) -> None:
        """New connections pass; those that were frozen stay so."""
        self._frozen = threading.Event()
        self.cut_after = self.freeze_after = None

    @contextlib.contextmanager
    def open(self) -> Iterator[int]:
        """Listens on 127.0.0.1; its port."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(0.1)
            accepting = threading.Thread(target=self._accept, args=(server,))
            accepting.start()
            try:
                yield server.getsockname()[1]
            finally:
                self._ended.set()
                accepting.join()

    def _accept(self, server: socket.socket) -> None:
        while not self._ended.is_set():
            with contextlib.suppress(TimeoutError):
                client, _ = server.accept()
                self.connections += 1
                threading.Thread(target=self._forward, args=(client, self._frozen), daemon=True).start()

    def _forward(self, client: socket.socket, frozen: threading.Event) -> None:
        chunks = 0
        with client, socket.create_connection(self._target) as server, contextlib.suppress(OSError):
            while not self._ended.is_set():
                readable, _, _ = select.select([client, server], [], [], 0.05)
                for one in readable:
                    if one is server and chunks == self.cut_after:
                        return
                    if frozen.is_set() or (one is server and chunks == self.freeze_after):
                        self._ended.wait()
                        return
                    data = one.recv(65536)
                    if not data:
                        return
                    chunks += one is server
                    (client if one is server else server).sendall(data)


@contextlib.contextmanager
def refusing_server(certificate: trustme.LeafCert, message: bytes, state: bytes = b"57P03") -> Iterator[int]:
    """A server that speaks TLS and answers each login with a FATAL error; its port."""
    fields = b"SFATAL\0VFATAL\0C" + state + b"\0M" + message + b"\0\0"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)

    def refuse(connection: socket.socket) -> None:
        connection.recv(8)
        connection.sendall(b"S")
        with contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True) as wire:
            wire.recv(4096)
            wire.sendall(b"E" + struct.pack("!I", len(fields) + 4) + fields)
            wire.recv(1)

    with listener(refuse) as port:
        yield port
