"""The lock around moto's backends.

moto keeps its state in plain dictionaries and changes them without locks; Terraform sends some thirty
requests at once. So one request at a time is worked on. Whoever waits for something that itself calls the
emulator (a running function) lets go of the lock meanwhile.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

STATE = threading.Lock()


@contextmanager
def released() -> Iterator[None]:
    """Let others work on the state; for use while holding the lock."""
    STATE.release()
    try:
        yield
    finally:
        STATE.acquire()
